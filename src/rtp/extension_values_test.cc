#include "rtp/extension_values.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

namespace sfu::rtp {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp at(TimeDelta since_zero) { return Timestamp(since_zero); }

TEST(AudioLevel, EveryByteSurvivesReadingAndWriting) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::array<std::uint8_t, 1> value{static_cast<std::uint8_t>(byte)};
    const auto level = read_audio_level(value);
    ASSERT_TRUE(level.has_value());
    EXPECT_EQ(level->voice, byte >= 128);
    EXPECT_EQ(level->level, byte % 128);
    std::array<std::uint8_t, 1> out{};
    write_audio_level(*level, out);
    EXPECT_EQ(out, value);
  }
}

TEST(AbsSendTime, IsSecondsModulo64InEighteenBitsOfFraction) {
  EXPECT_EQ(abs_send_time(at(0s)), 0u);
  EXPECT_EQ(abs_send_time(at(1s)), 1u << 18);
  EXPECT_EQ(abs_send_time(at(1500ms)), 3u << 17);
  EXPECT_EQ(abs_send_time(at(63s)), 63u << 18);
  EXPECT_EQ(abs_send_time(at(64s)), 0u);
  EXPECT_EQ(abs_send_time(at(6401s)), 1u << 18);
  EXPECT_EQ(abs_send_time(at(-1s)), 63u << 18);
  EXPECT_EQ(abs_send_time(at(63'999'999us)), 0u) << "rounds up into the wrap";
}

TEST(AbsSendTime, DifferencesCrossTheWrapBothWays) {
  EXPECT_EQ(abs_send_time_between(63u << 18, 1u << 18), 2s);
  EXPECT_EQ(abs_send_time_between(1u << 18, 63u << 18), -2s);
  EXPECT_EQ(abs_send_time_between(5, 5), 0s);
}

TEST(TransportCc, IgnoresWhatTheSecondVersionAppends) {
  const std::array<std::uint8_t, 4> second{0x12, 0x34, 0x80, 0x01};
  EXPECT_EQ(read_transport_cc(second), 0x1234);
  EXPECT_EQ(read_transport_cc(Bytes(second).first(2)), 0x1234);
  EXPECT_EQ(read_transport_cc(Bytes(second).first(1)), std::nullopt);
}

TEST(VideoOrientation, EveryMeaningfulByteSurvivesReadingAndWriting) {
  for (unsigned byte = 0; byte < 16; ++byte) {
    const std::array<std::uint8_t, 1> value{static_cast<std::uint8_t>(byte)};
    const auto orientation = read_video_orientation(value);
    ASSERT_TRUE(orientation.has_value());
    EXPECT_EQ(orientation->rotation_degrees, byte % 4 * 90);
    std::array<std::uint8_t, 1> out{};
    write_video_orientation(*orientation, out);
    EXPECT_EQ(out, value);
  }
}

TEST(TimeOffset, IsSigned) {
  for (const std::int32_t ticks : {0, 1, -1, 8388607, -8388608}) {
    std::array<std::uint8_t, 3> out{};
    write_time_offset(ticks, out);
    EXPECT_EQ(read_time_offset(out), ticks);
  }
}

TEST(PlayoutDelay, CountsInTensOfMilliseconds) {
  const std::array<std::uint8_t, 3> value{0x00, 0x30, 0x05};
  EXPECT_EQ(read_playout_delay(value), (PlayoutDelay{30ms, 50ms}));
  const std::array<std::uint8_t, 3> reversed{0x00, 0x50, 0x03};
  EXPECT_EQ(read_playout_delay(reversed), std::nullopt);

  std::array<std::uint8_t, 3> out{};
  write_playout_delay({30ms, 50ms}, out);
  EXPECT_EQ(out, value);
  write_playout_delay({-5ms, 99s}, out);
  EXPECT_EQ(read_playout_delay(out), (PlayoutDelay{0ms, 40950ms}));
}

TEST(AbsCaptureTime, HasAnOptionalClockOffset) {
  std::array<std::uint8_t, 16> out{};
  const AbsCaptureTime without{NtpTime{0x0123456789abcdef}, std::nullopt};
  EXPECT_EQ(write_abs_capture_time(without, out), 8u);
  EXPECT_EQ(read_abs_capture_time(Bytes(out).first(8)), without);
  const AbsCaptureTime with{NtpTime{1}, -2};
  EXPECT_EQ(write_abs_capture_time(with, out), 16u);
  EXPECT_EQ(read_abs_capture_time(out), with);
}

TEST(ExtensionValues, OfAnotherSizeAreRefused) {
  const std::array<std::uint8_t, 20> bytes{};
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Bytes value = Bytes(bytes).first(size);
    EXPECT_EQ(read_audio_level(value).has_value(), size == 1) << size;
    EXPECT_EQ(read_abs_send_time(value).has_value(), size == 3) << size;
    EXPECT_EQ(read_transport_cc(value).has_value(), size >= 2) << size;
    EXPECT_EQ(read_video_orientation(value).has_value(), size == 1) << size;
    EXPECT_EQ(read_time_offset(value).has_value(), size == 3) << size;
    EXPECT_EQ(read_playout_delay(value).has_value(), size == 3) << size;
    EXPECT_EQ(read_abs_capture_time(value).has_value(), size == 8 || size == 16) << size;
  }
}

TEST(MidAndRid, TakeOnlyTheirCharactersAndLengths) {
  EXPECT_EQ(read_mid(as_bytes("0")), "0");
  EXPECT_EQ(read_mid(as_bytes("video+1.x")), "video+1.x");
  EXPECT_EQ(read_mid(as_bytes("")), std::nullopt);
  EXPECT_EQ(read_mid(as_bytes("a b")), std::nullopt);
  EXPECT_EQ(read_mid(as_bytes("a\"b")), std::nullopt);
  EXPECT_EQ(read_mid(as_bytes(std::string(1, '\0'))), std::nullopt);
  EXPECT_EQ(read_rid(as_bytes("h-1_x")), "h-1_x");
  EXPECT_EQ(read_rid(as_bytes("h.1")), std::nullopt);
  EXPECT_EQ(read_rid(as_bytes("\xc3\xa4")), std::nullopt);
  EXPECT_TRUE(is_valid_mid(std::string(kMaxMidSize, 'm')));
  EXPECT_FALSE(is_valid_mid(std::string(kMaxMidSize + 1, 'm')));
  EXPECT_TRUE(is_valid_rid(std::string(kMaxRidSize, 'r')));
  EXPECT_FALSE(is_valid_rid(std::string(kMaxRidSize + 1, 'r')));
}

}  // namespace
}  // namespace sfu::rtp

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

TEST(TransportCc, IgnoresWhatTheSecondVersionAppends) {
  const std::array<std::uint8_t, 4> second{0x12, 0x34, 0x80, 0x01};
  EXPECT_EQ(read_transport_cc(second), 0x1234);
  EXPECT_EQ(read_transport_cc(Bytes(second).first(2)), 0x1234);
  EXPECT_EQ(read_transport_cc(Bytes(second).first(1)), std::nullopt);
}

TEST(ExtensionValues, OfAnotherSizeAreRefused) {
  const std::array<std::uint8_t, 20> bytes{};
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Bytes value = Bytes(bytes).first(size);
    EXPECT_EQ(read_audio_level(value).has_value(), size == 1) << size;
    EXPECT_EQ(read_transport_cc(value).has_value(), size >= 2) << size;
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

#include "rtcp/remb.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Remb, KeepsEighteenBitsOfTheBitrate) {
  const std::vector<Ssrc> sources{Ssrc{5}, Ssrc{6}};
  for (const std::int64_t bps : {std::int64_t{0}, std::int64_t{1}, std::int64_t{262143},
                                 std::int64_t{262144}, std::int64_t{2'500'001}, kMost}) {
    RoundTrip trip;
    ASSERT_TRUE(append_remb(trip.builder(), Ssrc{1}, DataRate::from_bps(bps), sources));
    EXPECT_TRUE(is_remb(trip.packet()));
    const auto parsed = Remb::parse(trip.packet());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_LE(parsed->bitrate.bps(), bps);
    EXPECT_GE(parsed->bitrate.bps(), bps - bps / 131072);
    EXPECT_EQ(std::vector<Ssrc>(parsed->sources.begin(), parsed->sources.end()), sources);
  }
}

std::vector<std::uint8_t> body(std::uint8_t sources, std::uint32_t exponent_and_mantissa) {
  std::vector<std::uint8_t> bytes = {0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', sources, 0, 0, 0};
  store_be24(bytes, 13, exponent_and_mantissa);
  return bytes;
}

Result<Remb, ParseError> parse(const std::vector<std::uint8_t>& bytes) {
  return Remb::parse({PacketType::PayloadSpecificFeedback, kApplicationLayerFormat, bytes});
}

TEST(Remb, ABitrateBeyond63BitsIsCutThere) {
  EXPECT_EQ(parse(body(0, 63u << 18 | 0x3FFFF))->bitrate.bps(), kMost);
  EXPECT_EQ(parse(body(0, 63u << 18 | 1))->bitrate.bps(), kMost);
  EXPECT_EQ(parse(body(0, 62u << 18 | 1))->bitrate.bps(), std::int64_t{1} << 62);
  EXPECT_EQ(parse(body(0, 63u << 18))->bitrate.bps(), 0);
}

TEST(Remb, MalformedOnesAreRefusedWithTheirReason) {
  EXPECT_EQ(parse(body(1, 0)).error(), ParseError::TruncatedBody);
  EXPECT_EQ(parse(std::vector<std::uint8_t>(15)).error(), ParseError::TruncatedBody);
  std::vector<std::uint8_t> other = body(0, 0);
  other[8] = 'X';
  EXPECT_EQ(parse(other).error(), ParseError::WrongType);
  EXPECT_EQ(Remb::parse({PacketType::PayloadSpecificFeedback, 1, other}).error(),
            ParseError::WrongType);
  RoundTrip trip;
  EXPECT_FALSE(append_remb(trip.builder(), Ssrc{1}, DataRate::from_bps(-1), {}));
  EXPECT_FALSE(append_remb(trip.builder(), Ssrc{1}, DataRate{}, std::vector<Ssrc>(256)));
}

}  // namespace
}  // namespace sfu::rtcp

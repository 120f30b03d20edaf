#include "rtcp/goodbye.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

using Buffer = std::vector<std::uint8_t>;

TEST(Goodbye, WritingReadsBackTheSame) {
  const std::vector<Ssrc> sources{Ssrc{1}, Ssrc{0xFFFFFFFF}};
  for (const std::string reason : {"", "a", "abc", "left the room"}) {
    RoundTrip trip;
    ASSERT_TRUE(append_goodbye(trip.builder(), sources, reason));
    const auto parsed = Goodbye::parse(trip.packet());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(std::vector<Ssrc>(parsed->sources.begin(), parsed->sources.end()), sources);
    EXPECT_EQ(parsed->reason, reason);
  }
}

TEST(Goodbye, OfNobodyOrTooManyIsNotWritten) {
  RoundTrip trip;
  EXPECT_FALSE(append_goodbye(trip.builder(), {}));
  EXPECT_FALSE(append_goodbye(trip.builder(), std::vector<Ssrc>(kMaxGoodbyeSources + 1)));
  EXPECT_FALSE(append_goodbye(trip.builder(), std::vector<Ssrc>(1), std::string(256, 'x')));
  EXPECT_TRUE(trip.builder().empty());
}

TEST(Goodbye, MalformedOnesAreRefusedWithTheirReason) {
  EXPECT_EQ(Goodbye::parse({PacketType::Goodbye, 2, Buffer(4)}).error(), ParseError::TruncatedBody);
  EXPECT_EQ(Goodbye::parse({PacketType::Goodbye, 0, Buffer{4, 'a', 'b', 'c'}}).error(),
            ParseError::TruncatedBody);
  EXPECT_EQ(Goodbye::parse({PacketType::Goodbye, 0, Buffer{3, 'a', 'b', 'c'}})->reason, "abc");
  EXPECT_EQ(Goodbye::parse({PacketType::ReceiverReport, 0, {}}).error(), ParseError::WrongType);
}

}  // namespace
}  // namespace sfu::rtcp

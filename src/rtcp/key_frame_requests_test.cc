#include <gtest/gtest.h>

#include <vector>

#include "rtcp/fir.h"
#include "rtcp/pli.h"
#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

TEST(Pli, WritingReadsBackTheSame) {
  const Pli pli{Ssrc{0x01020304}, Ssrc{0x05060708}};
  RoundTrip trip;
  ASSERT_TRUE(append_pli(trip.builder(), pli));
  EXPECT_EQ(*Pli::parse(trip.packet()), pli);
  EXPECT_EQ(trip.bytes().size(), 12u);
}

TEST(Pli, MalformedOnesAreRefusedWithTheirReason) {
  const std::vector<std::uint8_t> body(8);
  EXPECT_EQ(Pli::parse({PacketType::PayloadSpecificFeedback, 1, Bytes(body).first(7)}).error(),
            ParseError::TruncatedBody);
  EXPECT_EQ(Pli::parse({PacketType::PayloadSpecificFeedback, 4, body}).error(),
            ParseError::WrongType);
  EXPECT_EQ(Pli::parse({PacketType::TransportLayerFeedback, 1, body}).error(),
            ParseError::WrongType);
}

TEST(Fir, WritingReadsBackTheSame) {
  const std::vector<FirEntry> entries{{Ssrc{7}, 255}, {Ssrc{8}, 0}};
  RoundTrip trip;
  ASSERT_TRUE(append_fir(trip.builder(), Ssrc{1}, entries));
  const auto parsed = Fir::parse(trip.packet());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->sender, Ssrc{1});
  EXPECT_EQ(std::vector<FirEntry>(parsed->entries.begin(), parsed->entries.end()), entries);
}

TEST(Fir, MalformedOnesAreRefusedWithTheirReason) {
  const std::vector<std::uint8_t> body(24);
  const auto parse = [&](std::size_t size) {
    return Fir::parse({PacketType::PayloadSpecificFeedback, 4, Bytes(body).first(size)});
  };
  EXPECT_EQ(parse(8).error(), ParseError::TruncatedBody);
  EXPECT_TRUE(parse(16).has_value());
  EXPECT_EQ(parse(20).error(), ParseError::BadValue);
  EXPECT_TRUE(parse(24).has_value());
  EXPECT_EQ(Fir::parse({PacketType::PayloadSpecificFeedback, 1, body}).error(),
            ParseError::WrongType);
  RoundTrip trip;
  EXPECT_FALSE(append_fir(trip.builder(), Ssrc{1}, {})) << "it must name a stream";
}

}  // namespace
}  // namespace sfu::rtcp

#include "rtcp/nack.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

using Numbers = std::vector<std::uint16_t>;

Numbers lost_of(const PacketView& packet) {
  Numbers lost;
  const auto parsed = Nack::parse(packet);
  EXPECT_TRUE(parsed.has_value());
  if (parsed) parsed->for_each_lost([&](std::uint16_t number) { lost.push_back(number); });
  return lost;
}

TEST(Nack, WritingReadsBackTheSame) {
  for (const Numbers& lost : {Numbers{5}, Numbers{5, 6, 21}, Numbers{5, 22},
                              Numbers{65535, 0, 15, 16}, Numbers{0, 16, 17, 33, 34, 1000}}) {
    RoundTrip trip;
    ASSERT_EQ(append_nack(trip.builder(), Ssrc{1}, Ssrc{2}, lost), lost.size());
    const auto parsed = Nack::parse(trip.packet());
    EXPECT_EQ(parsed->sender, Ssrc{1});
    EXPECT_EQ(parsed->media, Ssrc{2});
    EXPECT_EQ(lost_of(trip.packet()), lost);
  }
}

TEST(Nack, SeventeenInARowTakeOneItem) {
  Numbers lost;
  for (std::uint16_t i = 0; i < 17; ++i) lost.push_back(static_cast<std::uint16_t>(65530 + i));
  RoundTrip trip;
  append_nack(trip.builder(), Ssrc{1}, Ssrc{2}, lost);
  const auto parsed = Nack::parse(trip.packet());
  ASSERT_EQ(parsed->items.size(), 1u);
  EXPECT_EQ(parsed->items[0], (NackItem{65530, 0xFFFF}));
  EXPECT_EQ(lost_of(trip.packet()), lost);
}

TEST(Nack, RandomLossesSurviveTheWay) {
  std::mt19937 random(20);
  for (int round = 0; round < 200; ++round) {
    Numbers lost;
    auto number = static_cast<std::uint16_t>(random());
    for (unsigned i = 0; i < 1 + random() % 100; ++i) {
      lost.push_back(number);
      number = static_cast<std::uint16_t>(number + 1 + random() % (round % 2 ? 3 : 40));
    }
    RoundTrip trip;
    ASSERT_EQ(append_nack(trip.builder(), Ssrc{1}, Ssrc{2}, lost), lost.size());
    ASSERT_EQ(lost_of(trip.packet()), lost) << "round " << round;
  }
}

TEST(Nack, WhatFindsNoRoomIsLeftForTheNextPacket) {
  const Numbers lost{0, 100, 200, 201, 300};
  std::array<std::uint8_t, 12 + 2 * 4 + 3> buffer{};
  CompoundBuilder builder(buffer);
  EXPECT_EQ(append_nack(builder, Ssrc{1}, Ssrc{2}, lost), 2u);
  builder.clear();
  EXPECT_EQ(append_nack(builder, Ssrc{1}, Ssrc{2}, std::span(lost).subspan(2)), 3u);
  EXPECT_EQ(append_nack(builder, Ssrc{1}, Ssrc{2}, lost), 0u) << "full";
  builder.clear();
  EXPECT_EQ(append_nack(builder, Ssrc{1}, Ssrc{2}, {}), 0u);
  EXPECT_TRUE(builder.empty());
}

TEST(Nack, MalformedOnesAreRefusedWithTheirReason) {
  const std::vector<std::uint8_t> body(16);
  const auto parse = [&](PacketType type, std::uint8_t format, std::size_t size) {
    return Nack::parse({type, format, Bytes(body).first(size)});
  };
  EXPECT_TRUE(parse(PacketType::TransportLayerFeedback, 1, 12).has_value());
  EXPECT_EQ(parse(PacketType::TransportLayerFeedback, 1, 8).error(), ParseError::TruncatedBody);
  EXPECT_EQ(parse(PacketType::TransportLayerFeedback, 1, 14).error(), ParseError::BadValue);
  EXPECT_EQ(parse(PacketType::TransportLayerFeedback, 2, 12).error(), ParseError::WrongType);
  EXPECT_EQ(parse(PacketType::PayloadSpecificFeedback, 1, 12).error(), ParseError::WrongType);
}

}  // namespace
}  // namespace sfu::rtcp

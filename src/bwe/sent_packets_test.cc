#include "bwe/sent_packets.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <vector>

#include "bwe/arrival_recorder.h"

namespace sfu::bwe {
namespace {

using namespace std::chrono_literals;

constexpr DataSize kSize = DataSize::from_bytes(1000);

Timestamp at(TimeDelta since_zero) { return Timestamp(since_zero); }

/// Feeds what a receiver that saw `arrivals` reports.
FeedbackOutcome feed(SentPackets& sent, Timestamp now, std::int64_t base,
                     std::vector<rtcp::Arrival> arrivals) {
  std::array<std::uint8_t, 1200> buffer{};
  rtcp::CompoundBuilder builder(buffer);
  EXPECT_EQ(rtcp::append_transport_feedback(
                builder, {.sender = {}, .media = {}, .base_sequence_number = base}, arrivals),
            arrivals.size());
  const auto compound = rtcp::Compound::parse(builder.bytes());
  return sent.handle_feedback(now, *rtcp::TransportFeedback::parse(*compound->begin()));
}

TEST(SentPackets, NumbersCountUpAndWrap) {
  SentPackets sent;
  for (int i = 0; i < 70'000; ++i)
    ASSERT_EQ(sent.note_sent(at(0s), kSize), static_cast<std::uint16_t>(i));
}

TEST(SentPackets, FeedbackTellsAckedLostAndRoundTrip) {
  SentPackets sent;
  for (int i = 0; i < 5; ++i) sent.note_sent(at(10ms * i), kSize);
  EXPECT_EQ(sent.in_flight(), DataSize::from_bytes(5000));

  // The receiver's clock is another; each packet travels 20 ms, the feedback 30 ms.
  const FeedbackOutcome outcome =
      feed(sent, at(90ms), 0, {{0, at(1h)}, {1, at(1h + 10ms)}, {4, at(1h + 40ms)}});
  EXPECT_EQ(outcome.acked, 3u);
  EXPECT_EQ(outcome.lost, 2u);
  EXPECT_EQ(outcome.acked_size, DataSize::from_bytes(3000));
  EXPECT_EQ(outcome.lost_size, DataSize::from_bytes(2000));
  EXPECT_EQ(outcome.round_trip_time, 50ms);
  EXPECT_EQ(sent.in_flight(), DataSize{});
}

TEST(SentPackets, ATwiceToldStoryCountsOnce) {
  SentPackets sent;
  sent.note_sent(at(0s), kSize);
  sent.note_sent(at(0s), kSize);
  feed(sent, at(1s), 0, {{1, at(1s)}});
  const FeedbackOutcome again = feed(sent, at(2s), 0, {{1, at(1s)}});
  EXPECT_EQ(again.acked, 0u);
  EXPECT_EQ(again.lost, 0u);
  EXPECT_EQ(again.round_trip_time, std::nullopt);
}

TEST(SentPackets, WhatWasLostMayStillArrive) {
  SentPackets sent;
  sent.note_sent(at(0s), kSize);
  sent.note_sent(at(0s), kSize);
  EXPECT_EQ(feed(sent, at(1s), 0, {{1, at(1s)}}).lost, 1u);
  const FeedbackOutcome late = feed(sent, at(2s), 0, {{0, at(2s)}});
  EXPECT_EQ(late.recovered, 1u);
  EXPECT_EQ(late.acked, 1u);
  EXPECT_EQ(sent.in_flight(), DataSize{});
}

TEST(SentPackets, NumbersThatWereNeverSentAreIgnored) {
  SentPackets sent;
  const FeedbackOutcome before = feed(sent, at(1s), 0, {{5, at(1s)}});
  EXPECT_EQ(before.acked + before.lost, 0u);
  sent.note_sent(at(0s), kSize);
  const FeedbackOutcome ahead = feed(sent, at(1s), 1, {{5, at(1s)}});
  EXPECT_EQ(ahead.acked + ahead.lost, 0u);
  EXPECT_EQ(sent.in_flight(), kSize);
}

TEST(SentPackets, FeedbackThatSpeaksOfFarMoreThanWasSentIsNotWalkedThrough) {
  // 40 bytes on the wire may speak of 65535 numbers, and one datagram holds dozens of such.
  SentPackets sent;
  constexpr int kPackets = 100;
  for (int i = 0; i < kPackets; ++i) sent.note_sent(at(0s), kSize);
  int refused = 0;
  constexpr int kFeedbacks = 100;
  for (int i = 0; i < kFeedbacks; ++i) {
    if (feed(sent, at(1s), -60'000, {{-51'809, at(1s)}}).refused) ++refused;
  }
  EXPECT_EQ(refused, kFeedbacks);
  EXPECT_EQ(feed(sent, at(1s), 0, {{99, at(1s)}}).lost, 99u) << "what is true still counts";
}

TEST(SentPackets, TheSameNumbersMayBeToldOfSeveralTimes) {
  SentPackets sent;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 100; ++i) sent.note_sent(at(0s), kSize);
    for (std::size_t repeat = 0; repeat < kMaxStatusesPerPacket; ++repeat)
      ASSERT_FALSE(feed(sent, at(1s), 100 * round, {{100 * round + 99, at(1s)}}).refused);
  }
}

TEST(SentPackets, RemembersAsManyAsItsBoundAndForgetsOlderOnes) {
  SentPackets sent;
  for (std::size_t i = 0; i <= kMaxSentPackets; ++i) sent.note_sent(at(0s), kSize);
  EXPECT_EQ(sent.in_flight(),
            DataSize::from_bytes(1000 * static_cast<std::int64_t>(kMaxSentPackets)));
  EXPECT_EQ(feed(sent, at(1s), 0, {{0, at(1s)}}).acked, 0u) << "the oldest made room";
  EXPECT_EQ(feed(sent, at(1s), 1, {{1, at(1s)}}).acked, 1u);
}

TEST(SentPackets, AgreesWithTheRecorderAtTheOtherEndAcrossWraps) {
  SentPackets sent;
  ArrivalRecorder recorder({.sender = Ssrc{1}});
  std::array<std::uint8_t, 1200> buffer{};
  FeedbackOutcome total;
  int lost = 0;
  constexpr int kPackets = 140'000;
  for (int i = 0; i < kPackets; ++i) {
    const Timestamp now = at(1ms * i);
    const std::uint16_t number = sent.note_sent(now, kSize);
    if (i % 7 == 3) {
      ++lost;
    } else {
      recorder.note_arrival(now, number, Ssrc{2});
    }
    while (const std::size_t size = recorder.poll_feedback(now, buffer)) {
      const auto compound = rtcp::Compound::parse(Bytes(buffer).first(size));
      const auto outcome =
          sent.handle_feedback(now, *rtcp::TransportFeedback::parse(*compound->begin()));
      total.acked += outcome.acked;
      total.lost += outcome.lost;
      ASSERT_LE(outcome.round_trip_time.value_or(0us), 1ms);
    }
  }
  EXPECT_NEAR(total.acked, kPackets - lost, 60);
  EXPECT_NEAR(total.lost, lost, 60);
}

}  // namespace
}  // namespace sfu::bwe

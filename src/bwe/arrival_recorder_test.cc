#include "bwe/arrival_recorder.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <random>
#include <vector>

namespace sfu::bwe {
namespace {

using namespace std::chrono_literals;

constexpr Ssrc kMedia{77};

Timestamp at(TimeDelta since_zero) { return Timestamp(since_zero); }

std::vector<rtcp::PacketStatus> decode(Bytes bytes) {
  std::vector<rtcp::PacketStatus> all;
  const auto compound = rtcp::Compound::parse(bytes);
  EXPECT_TRUE(compound.has_value());
  if (!compound) return all;
  for (const rtcp::PacketView packet : *compound) {
    const auto feedback = rtcp::TransportFeedback::parse(packet);
    EXPECT_TRUE(feedback.has_value());
    if (feedback) feedback->for_each([&](const auto& status) { all.push_back(status); });
  }
  return all;
}

class ArrivalRecorderTest : public testing::Test {
 protected:
  void arrive(TimeDelta when, std::uint16_t number) {
    recorder_.note_arrival(at(when), number, kMedia);
  }
  /// The statuses of the next feedback packet, none where none is due.
  std::vector<rtcp::PacketStatus> poll(TimeDelta when) {
    const std::size_t size = recorder_.poll_feedback(at(when), buffer_);
    return size == 0 ? std::vector<rtcp::PacketStatus>{} : decode(Bytes(buffer_).first(size));
  }

  ArrivalRecorder recorder_{{.sender = Ssrc{1}, .interval = 50ms}};
  std::array<std::uint8_t, 1200> buffer_{};
};

std::vector<std::pair<int, bool>> numbers(const std::vector<rtcp::PacketStatus>& statuses) {
  std::vector<std::pair<int, bool>> all;
  for (const auto& status : statuses) all.emplace_back(status.sequence_number, status.received);
  return all;
}

using Numbers = std::vector<std::pair<int, bool>>;

TEST_F(ArrivalRecorderTest, HasNothingToSayUntilSomethingArrives) {
  EXPECT_EQ(recorder_.next_timeout(), std::nullopt);
  EXPECT_TRUE(poll(10s).empty());
}

TEST_F(ArrivalRecorderTest, ReportsAtTheDeadlineOfTheFirstArrivalAndNotBefore) {
  arrive(100ms, 65535);
  arrive(110ms, 1);
  EXPECT_EQ(recorder_.next_timeout(), at(150ms));
  EXPECT_TRUE(poll(150ms - 1us).empty());
  const auto statuses = poll(150ms);
  EXPECT_EQ(numbers(statuses), (Numbers{{65535, true}, {0, false}, {1, true}}));
  EXPECT_EQ(statuses[2].arrival - statuses[0].arrival, 10ms);
  EXPECT_EQ(recorder_.next_timeout(), std::nullopt);
  EXPECT_TRUE(poll(10s).empty());
}

TEST_F(ArrivalRecorderTest, KnowsWhichShareWasLostByWhatItHasReported) {
  EXPECT_EQ(recorder_.loss(), std::nullopt);
  for (const int number : {1, 2, 4}) arrive(0ms, static_cast<std::uint16_t>(number));
  EXPECT_EQ(recorder_.loss(), std::nullopt);
  poll(50ms);
  EXPECT_DOUBLE_EQ(*recorder_.loss(), 0.25);
  arrive(50ms, 3);  // After all.
  poll(100ms);
  EXPECT_NEAR(*recorder_.loss(), 0, 1e-9);
}

TEST_F(ArrivalRecorderTest, EachReportGoesOnWhereTheLastEnded) {
  arrive(0ms, 1);
  EXPECT_EQ(numbers(poll(50ms)), (Numbers{{1, true}}));
  arrive(60ms, 4);
  EXPECT_EQ(numbers(poll(110ms)), (Numbers{{2, false}, {3, false}, {4, true}}));
}

TEST_F(ArrivalRecorderTest, ALateOneIsReportedByItselfAndCallsNothingLost) {
  arrive(0ms, 1);
  arrive(1ms, 4);
  EXPECT_EQ(poll(51ms).size(), 4u);
  arrive(60ms, 2);
  arrive(61ms, 6);
  EXPECT_EQ(numbers(poll(110ms)), (Numbers{{2, true}}));
  EXPECT_EQ(numbers(poll(110ms)), (Numbers{{5, false}, {6, true}}));
  EXPECT_TRUE(poll(110ms).empty());
}

TEST_F(ArrivalRecorderTest, ReorderingWithinTheIntervalNeedsOneReport) {
  arrive(0ms, 2);
  arrive(1ms, 4);
  arrive(2ms, 3);
  const auto statuses = poll(52ms);
  EXPECT_EQ(numbers(statuses), (Numbers{{2, true}, {3, true}, {4, true}}));
  EXPECT_EQ(statuses[2].arrival - statuses[1].arrival, -1ms);
}

TEST_F(ArrivalRecorderTest, DuplicatesAndTheTooLateAreDropped) {
  arrive(0ms, 5000);
  arrive(1ms, 5000);
  EXPECT_EQ(recorder_.dropped(), 1u);
  arrive(2ms, static_cast<std::uint16_t>(5000 - kMaxReordering));
  EXPECT_EQ(recorder_.dropped(), 2u);
  arrive(2ms, static_cast<std::uint16_t>(5000 - kMaxReordering + 1));
  EXPECT_EQ(recorder_.dropped(), 2u);
}

TEST_F(ArrivalRecorderTest, ManyArrivalsAreReportedWithoutWaiting) {
  for (std::size_t i = 0; i < kArrivalsThatMakeFeedbackDue - 1; ++i)
    arrive(1ms, static_cast<std::uint16_t>(i));
  EXPECT_EQ(recorder_.next_timeout(), at(51ms));
  arrive(2ms, static_cast<std::uint16_t>(kArrivalsThatMakeFeedbackDue - 1));
  EXPECT_EQ(recorder_.next_timeout(), at(2ms));
  EXPECT_EQ(poll(2ms).size(), kArrivalsThatMakeFeedbackDue);
}

TEST_F(ArrivalRecorderTest, WhatWaitsIsBounded) {
  for (std::size_t i = 0; i < kMaxWaitingArrivals + 10; ++i)
    arrive(1ms, static_cast<std::uint16_t>(i));
  EXPECT_EQ(recorder_.dropped(), 10u);
  std::size_t received = 0;
  while (true) {
    const auto statuses = poll(1ms);
    if (statuses.empty()) break;
    received += statuses.size();
  }
  EXPECT_EQ(received, kMaxWaitingArrivals);
}

TEST_F(ArrivalRecorderTest, EveryArrivalIsReportedOnceOnALossyReorderingNetwork) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    ArrivalRecorder recorder({.sender = Ssrc{1}, .interval = 50ms});
    std::multimap<TimeDelta, std::uint16_t> network;
    for (int i = 0; i < 2000; ++i)
      if (random() % 10 != 0)
        network.emplace(TimeDelta(i * 1000 + static_cast<int>(random() % 80'000)),
                        static_cast<std::uint16_t>(65000 + i));
    std::map<int, int> reported;
    const auto drain = [&](Timestamp now) {
      while (const std::size_t size = recorder.poll_feedback(now, buffer_))
        for (const auto& status : decode(Bytes(buffer_).first(size)))
          if (status.received) ++reported[status.sequence_number];
    };
    for (const auto& [when, number] : network) {
      recorder.note_arrival(at(when), number, kMedia);
      drain(at(when));
    }
    drain(at(1h));
    EXPECT_EQ(reported.size(), network.size()) << "seed " << seed;
    for (const auto& [number, times] : reported) ASSERT_EQ(times, 1) << number;
  }
}

}  // namespace
}  // namespace sfu::bwe

#include "media/stream_score.h"

#include <gtest/gtest.h>

#include <limits>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;

/// The score after so many seconds of the same.
int after(int seconds, const StreamScore::Interval& each) {
  StreamScore score;
  for (int i = 0; i < seconds; ++i) score.handle_interval(each);
  return score.value();
}

TEST(StreamScore, BeginsAtItsBestAndStaysThereWithoutLoss) {
  EXPECT_EQ(StreamScore().value(), 10);
  EXPECT_EQ(after(30, {.packets = 50}), 10);
}

TEST(StreamScore, FallsWithTheShareThatIsLost) {
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 10}), 10);
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 50}), 8);
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 200}), 4);
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 500}), 1);
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 1000}), 0);
}

TEST(StreamScore, CountsWhatIsRepairedForMoreThanWhatIsLostAndForLessThanWhatCameAtOnce) {
  const int lost = after(30, {.packets = 1000, .missed = 200});
  const int repaired = after(30, {.packets = 1000, .missed = 200, .repaired = 200});
  EXPECT_GT(repaired, lost);
  EXPECT_LT(repaired, 10);
  EXPECT_EQ(after(30, {.packets = 1000, .missed = 10, .repaired = 10}), 10);
}

TEST(StreamScore, OneBadIntervalIsNotAllThereIs) {
  StreamScore score;
  score.handle_interval({.packets = 100, .missed = 100});
  EXPECT_GE(score.value(), 7);
  for (int i = 0; i < 12; ++i) score.handle_interval({.packets = 100});
  EXPECT_EQ(score.value(), 10);
}

TEST(StreamScore, AnIntervalWithoutPacketsTellsNothing) {
  StreamScore score;
  for (int i = 0; i < 10; ++i) score.handle_interval({.packets = 100, .missed = 50});
  const auto before = score.value();
  score.handle_interval({});
  score.handle_interval({.packets = -5, .missed = -7});
  EXPECT_EQ(score.value(), before);
}

TEST(StreamScore, ADeadStreamHasNoneAndOneThatComesBackBeginsAnew) {
  StreamScore score;
  for (int i = 0; i < 10; ++i) score.handle_interval({.packets = 100, .missed = 50});
  score.handle_death();
  EXPECT_EQ(score.value(), 0);
  score.handle_interval({.packets = 100});
  EXPECT_EQ(score.value(), 10);
}

TEST(StreamScore, StaysInItsBoundsWhateverIsReported) {
  constexpr std::int64_t kFew = 7;
  for (const std::int64_t missed : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                    kFew + 1, std::numeric_limits<std::int64_t>::max()})
    for (const std::int64_t repaired : {std::numeric_limits<std::int64_t>::min(), std::int64_t{0},
                                        std::numeric_limits<std::int64_t>::max()}) {
      StreamScore score;
      for (int i = 0; i < 100; ++i)
        score.handle_interval({.packets = kFew, .missed = missed, .repaired = repaired});
      EXPECT_LE(score.value(), StreamScore::kBest);
    }
}

TEST(ArrivalScore, DiesThreeSecondsAfterTheLastPacketAndNotBefore) {
  ArrivalScore score;
  score.measure(at_ms(1000), {.expected = 50, .received = 50});
  score.measure(at_ms(2000), {.expected = 50, .received = 50});
  score.measure(at_ms(3999), {.expected = 50, .received = 50});
  EXPECT_EQ(score.value(), 10);
  score.measure(at_ms(4000), {.expected = 50, .received = 50});
  EXPECT_EQ(score.value(), 0);
  score.measure(at_ms(5000), {.expected = 51, .received = 51});
  EXPECT_EQ(score.value(), 10);
}

TEST(ArrivalScore, WhatWasSkippedNeitherKillsNorHarms) {
  ArrivalScore score;
  score.measure(at_ms(1000), {.expected = 50, .received = 50});
  score.skip(at_ms(60'000), {.expected = 5000, .received = 100});
  score.measure(at_ms(61'000), {.expected = 5050, .received = 150});
  EXPECT_EQ(score.value(), 10);
}

TEST(ArrivalScore, APacketThatComesAfterItsIntervalIsNoSecondLoss) {
  ArrivalScore score;
  for (int i = 1; i <= 20; ++i) {
    // One of a hundred is missing at the end of each interval and comes in the next.
    score.measure(at_ms(1000 * i),
                  {.expected = 100 * i, .received = 100 * i - 1, .repaired = i - 1});
  }
  EXPECT_EQ(score.value(), 10);
}

TEST(ArrivalScore, GoesOnWhereTheSenderBeginsItsNumbersAnew) {
  ArrivalScore score;
  score.measure(at_ms(1000), {.expected = 1000, .received = 1000, .repaired = 40});
  score.measure(at_ms(2000), {.expected = 50, .received = 50, .repaired = 40});
  EXPECT_EQ(score.value(), 10);
}

}  // namespace
}  // namespace sfu::media

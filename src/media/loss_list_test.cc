#include "media/loss_list.h"

#include <gtest/gtest.h>

#include <array>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;

std::vector<std::int64_t> due(LossList& list, Timestamp now) {
  std::array<std::int64_t, 1024> out;
  const std::size_t count = list.take_due(now, out);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(LossList, AsksAtOnceAndThenOnceARoundTrip) {
  LossList list;
  list.set_round_trip_time(std::chrono::milliseconds(70));
  list.add(at_ms(1000), 5, 7);
  EXPECT_EQ(list.next_timeout(), at_ms(1000));
  EXPECT_EQ(due(list, at_ms(1000)), (std::vector<std::int64_t>{5, 6, 7}));
  EXPECT_EQ(list.next_timeout(), at_ms(1070));
  EXPECT_TRUE(due(list, at_ms(1069)).empty());
  ASSERT_TRUE(list.remove(6));
  EXPECT_EQ(due(list, at_ms(1070)), (std::vector<std::int64_t>{5, 7}));
}

TEST(LossList, NeverAsksFasterThanEveryTwentyMilliseconds) {
  LossList list;
  list.set_round_trip_time(std::chrono::milliseconds(1));
  list.add(at_ms(0), 5, 5);
  due(list, at_ms(0));
  EXPECT_TRUE(due(list, at_ms(19)).empty());
  EXPECT_EQ(due(list, at_ms(20)).size(), 1u);
}

TEST(LossList, GivesUpAfterTenRequestsAndOneMoreRoundTrip) {
  LossList list;
  list.set_round_trip_time(std::chrono::milliseconds(20));
  list.add(at_ms(0), 5, 5);
  int requests = 0;
  std::int64_t ms = 0;
  for (; list.size() > 0; ++ms) {
    list.expire(at_ms(ms));
    requests += static_cast<int>(due(list, at_ms(ms)).size());
  }
  EXPECT_EQ(requests, LossList::kMaxRequests);
  EXPECT_EQ(ms - 1, 20 * LossList::kMaxRequests);
  EXPECT_EQ(list.take_given_up(), 5);
  EXPECT_EQ(list.take_given_up(), std::nullopt);
  EXPECT_FALSE(list.remove(5));
}

TEST(LossList, AsksTenTimesAtMostAlsoWhereNobodyExpiresIt) {
  LossList list;
  list.add(at_ms(0), 5, 5);
  std::size_t requests = 0;
  for (std::int64_t ms = 0; ms < 5000; ++ms) requests += due(list, at_ms(ms)).size();
  EXPECT_EQ(requests, 10u);
}

TEST(LossList, GivesUpAfterOneSecondAndNotBefore) {
  LossList list;
  list.set_round_trip_time(std::chrono::milliseconds(400));
  list.add(at_ms(0), 5, 6);
  list.expire(at_ms(999));
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(list.take_given_up(), std::nullopt);
  list.expire(at_ms(1000));
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.take_given_up(), 6);
}

TEST(LossList, GivesUpTheOldestBeyondItsBound) {
  LossList list;
  const auto most = static_cast<std::int64_t>(LossList::kMaxMissing);
  list.add(at_ms(0), 1, most);
  EXPECT_EQ(list.size(), LossList::kMaxMissing);
  EXPECT_EQ(list.take_given_up(), std::nullopt);
  list.add(at_ms(0), most + 2, most + 3);
  EXPECT_EQ(list.size(), LossList::kMaxMissing);
  EXPECT_EQ(list.take_given_up(), 2);
  EXPECT_FALSE(list.remove(2));
  EXPECT_TRUE(list.remove(3));
}

TEST(LossList, KeepsTheNewestOfAHugeGap) {
  LossList list;
  list.add(at_ms(0), 1, 5000);
  EXPECT_EQ(list.size(), LossList::kMaxMissing);
  EXPECT_EQ(list.take_given_up(), 5000 - static_cast<std::int64_t>(LossList::kMaxMissing));
  EXPECT_TRUE(list.remove(5000));
}

TEST(LossList, HandsOutNoMoreThanThereIsRoomForAndTheRestNext) {
  LossList list;
  list.add(at_ms(0), 1, 10);
  std::array<std::int64_t, 4> out;
  EXPECT_EQ(list.take_due(at_ms(0), out), 4u);
  EXPECT_EQ(out[3], 4);
  EXPECT_TRUE(list.has_due(at_ms(0)));
  EXPECT_EQ(list.take_due(at_ms(0), out), 4u);
  EXPECT_EQ(out[0], 5);
  EXPECT_EQ(list.take_due(at_ms(0), out), 2u);
  EXPECT_FALSE(list.has_due(at_ms(0)));
}

TEST(LossList, NeverNamesATimeThatHasPassedOnceItWasServed) {
  LossList list;
  list.add(at_ms(0), 1, 3);
  for (std::int64_t ms = 0; ms < 2000; ++ms) {
    list.expire(at_ms(ms));
    due(list, at_ms(ms));
    if (const auto next = list.next_timeout()) {
      ASSERT_GT(*next, at_ms(ms));
    }
  }
  EXPECT_EQ(list.next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace sfu::media

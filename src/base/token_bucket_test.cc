#include "base/token_bucket.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sfu {
namespace {

TEST(TokenBucket, GivesItsBurstThenItsRateAndNeverMoreThanTheBurst) {
  Timestamp now{};
  TokenBucket bucket(2, 3, now);
  const auto taken = [&] {
    int count = 0;
    while (bucket.take(now)) ++count;
    return count;
  };
  EXPECT_EQ(taken(), 3);
  now += std::chrono::milliseconds(500);
  EXPECT_EQ(taken(), 1);
  now += std::chrono::hours(1);
  EXPECT_EQ(taken(), 3);
}

TEST(TokenBucket, WhatIsGivenBackNeverMakesItMoreThanFull) {
  TokenBucket bucket(Rate{1, 2}, Timestamp{});
  EXPECT_TRUE(bucket.is_full(Timestamp{}));
  EXPECT_TRUE(bucket.take(Timestamp{}));
  EXPECT_FALSE(bucket.is_full(Timestamp{}));
  for (int i = 0; i < 5; ++i) bucket.give_back();
  EXPECT_TRUE(bucket.take(Timestamp{}));
  EXPECT_TRUE(bucket.take(Timestamp{}));
  EXPECT_FALSE(bucket.take(Timestamp{}));
}

TEST(TokenBucket, ACostMayBeMoreThanThereIsAndIsPaidBeforeThereIsAnyAgain) {
  Timestamp now{};
  TokenBucket bucket(2, 10, now);
  bucket.charge(now, 9);
  EXPECT_TRUE(bucket.has_any(now));
  bucket.charge(now, 5);
  EXPECT_FALSE(bucket.has_any(now));
  now += std::chrono::seconds(2);
  EXPECT_FALSE(bucket.has_any(now)) << "just paid";
  now += std::chrono::milliseconds(1);
  EXPECT_TRUE(bucket.has_any(now));
}

TEST(TokenBucket, NoMoreIsOwedThanItsBurst) {
  Timestamp now{};
  TokenBucket bucket(2, 10, now);
  bucket.charge(now, 1e9);
  now += std::chrono::seconds(5);
  EXPECT_FALSE(bucket.has_any(now));
  now += std::chrono::milliseconds(1);
  EXPECT_TRUE(bucket.has_any(now));
}

}  // namespace
}  // namespace sfu

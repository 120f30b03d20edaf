#include "base/keyed_buckets.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace sfu {
namespace {

using std::chrono::seconds;

constexpr Rate kRate{1, 3};

int taken_at_once(KeyedBuckets<std::string>& buckets, Timestamp now, const std::string& key) {
  int count = 0;
  while (buckets.take(now, key)) ++count;
  return count;
}

TEST(KeyedBuckets, EachKeyHasItsOwnBurstAndRate) {
  KeyedBuckets<std::string> buckets(kRate, 10);
  Timestamp now{};
  EXPECT_EQ(taken_at_once(buckets, now, "a"), 3);
  EXPECT_EQ(taken_at_once(buckets, now, "b"), 3);
  now += seconds(2);
  EXPECT_EQ(taken_at_once(buckets, now, "a"), 2);
}

TEST(KeyedBuckets, WhatIsGivenBackCanBeTakenAgain) {
  KeyedBuckets<std::string> buckets(kRate, 10);
  EXPECT_EQ(taken_at_once(buckets, Timestamp{}, "a"), 3);
  buckets.give_back("a");
  buckets.give_back("somebody who never took");
  EXPECT_EQ(taken_at_once(buckets, Timestamp{}, "a"), 1);
}

TEST(KeyedBuckets, ANewKeyIsNeverRefusedAndTheTableNeverLargerThanItsBound) {
  KeyedBuckets<std::string> buckets(kRate, 10);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(buckets.take(Timestamp{}, "address " + std::to_string(i)));
    EXPECT_LE(buckets.size(), 10u);
  }
}

TEST(KeyedBuckets, AtTheBoundTheOneThatWasQuietLongestIsForgottenAndNoOther) {
  KeyedBuckets<std::string> buckets(kRate, 3);
  for (const char* key : {"a", "b", "c"}) taken_at_once(buckets, Timestamp{}, key);
  EXPECT_FALSE(buckets.take(Timestamp{}, "a"));  // Now b has been quiet for the longest time.
  EXPECT_TRUE(buckets.take(Timestamp{}, "d"));
  EXPECT_FALSE(buckets.take(Timestamp{}, "a"));
  EXPECT_FALSE(buckets.take(Timestamp{}, "c"));
  EXPECT_TRUE(buckets.take(Timestamp{}, "b"));
}

TEST(KeyedBuckets, ThoseThatAreFullAgainAreForgotten) {
  KeyedBuckets<std::string> buckets(kRate, 1000);
  Timestamp now{};
  for (int i = 0; i < 100; ++i) buckets.take(now, std::to_string(i));
  EXPECT_EQ(buckets.size(), 100u);
  now += seconds(10);
  for (int i = 0; i < 60; ++i) buckets.take(now, "a");
  EXPECT_EQ(buckets.size(), 1u);
}

}  // namespace
}  // namespace sfu

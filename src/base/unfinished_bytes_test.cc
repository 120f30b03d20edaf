#include "base/unfinished_bytes.h"

#include <gtest/gtest.h>

#include <optional>

namespace sfu {
namespace {

constexpr std::size_t kMost = 100'000;

TEST(UnfinishedBytes, AreHeldUpToTheBoundOfAllAndNoFurther) {
  UnfinishedBytes all(kMost);
  UnfinishedBytes::Share one(all), two(all);
  EXPECT_TRUE(one.hold(60'000));
  EXPECT_FALSE(two.hold(40'001));
  EXPECT_TRUE(two.hold(40'000));
  EXPECT_EQ(all.held(), kMost);
  EXPECT_FALSE(one.hold(60'001));
  EXPECT_EQ(all.held(), kMost) << "what was refused holds nothing more";
}

TEST(UnfinishedBytes, OfOneThatGrowsAreCountedOnce) {
  UnfinishedBytes all(kMost);
  UnfinishedBytes::Share share(all);
  for (std::size_t bytes = 0; bytes <= kMost; bytes += 1000) EXPECT_TRUE(share.hold(bytes));
  EXPECT_EQ(all.held(), kMost);
  EXPECT_TRUE(share.hold(0));
  EXPECT_EQ(all.held(), 0u);
}

TEST(UnfinishedBytes, OfSmallRequestsAreHeldHoweverFullItIs) {
  UnfinishedBytes all(kMost);
  UnfinishedBytes::Share full(all), small(all);
  EXPECT_TRUE(full.hold(kMost));
  EXPECT_TRUE(small.hold(UnfinishedBytes::kUncounted));
  EXPECT_FALSE(small.hold(UnfinishedBytes::kUncounted + 1));
}

TEST(UnfinishedBytes, OfAConnectionThatEndsAreGivenBack) {
  UnfinishedBytes all(kMost);
  std::optional<UnfinishedBytes::Share> share(std::in_place, all);
  EXPECT_TRUE(share->hold(kMost));
  share.reset();
  EXPECT_EQ(all.held(), 0u);
}

}  // namespace
}  // namespace sfu

#include "load/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace sfu::load {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.percentile(0.5), Nanoseconds(0));
  EXPECT_EQ(histogram.mean(), Nanoseconds(0));
}

TEST(Histogram, TellsEveryValueToWithinA64thAndNeverTooLow) {
  for (std::int64_t value = 1; value < 60'000'000'000; value = value * 5 / 4 + 1) {
    Histogram histogram;
    histogram.add(Nanoseconds(value));
    histogram.add(Nanoseconds(2 * value));  // So that the maximum does not answer.
    const std::int64_t told = histogram.percentile(0.5).count();
    EXPECT_GE(told, value);
    EXPECT_LE(told, value + value / 64);
  }
}

TEST(Histogram, CountsThePercentilesOfAThousandValues) {
  Histogram histogram;
  for (std::int64_t value = 1000; value >= 1; --value) histogram.add(Nanoseconds(value * 1000));
  const auto near = [](Nanoseconds told, double value) {
    return static_cast<double>(told.count()) >= value &&
           static_cast<double>(told.count()) <= value * 65 / 64;
  };
  EXPECT_TRUE(near(histogram.percentile(0.5), 500'000));
  EXPECT_TRUE(near(histogram.percentile(0.99), 990'000));
  EXPECT_EQ(histogram.percentile(1.0), Nanoseconds(1'000'000));
  EXPECT_EQ(histogram.max(), Nanoseconds(1'000'000));
  EXPECT_EQ(histogram.mean(), Nanoseconds(500'500));
}

TEST(Histogram, TakesWhatIsOutOfItsRangeAtItsEnds) {
  Histogram histogram;
  histogram.add(Nanoseconds(-5));
  EXPECT_EQ(histogram.percentile(1), Nanoseconds(0));
  histogram.add(std::chrono::hours(10));
  EXPECT_EQ(histogram.max(), std::chrono::hours(10));
  EXPECT_GE(histogram.percentile(1), std::chrono::seconds(60));
}

TEST(Histogram, MergedHoldsTheValuesOfBoth) {
  Histogram one, other;
  one.add(Nanoseconds(10));
  other.add(Nanoseconds(50));
  other.add(Nanoseconds(50));
  one.merge(other);
  std::vector<std::pair<std::int64_t, std::uint64_t>> buckets;
  one.for_each_bucket(
      [&](Nanoseconds end, std::uint64_t count) { buckets.emplace_back(end.count(), count); });
  const std::vector<std::pair<std::int64_t, std::uint64_t>> expected{{10, 1}, {50, 2}};
  EXPECT_EQ(buckets, expected);
  EXPECT_EQ(one.max(), Nanoseconds(50));
}

}  // namespace
}  // namespace sfu::load

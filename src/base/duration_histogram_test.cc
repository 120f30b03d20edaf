#include "base/duration_histogram.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

TEST(DurationHistogram, CountsADurationBelowTheLeastBoundThatIsNotShorter) {
  DurationHistogram histogram;
  histogram.add(TimeDelta(0));
  histogram.add(TimeDelta(100));
  histogram.add(TimeDelta(101));
  histogram.add(TimeDelta(10'000'000));
  histogram.add(TimeDelta(10'000'001));
  EXPECT_EQ(histogram.count(0), 2u);
  EXPECT_EQ(histogram.count(1), 1u);
  EXPECT_EQ(histogram.count(DurationHistogram::kBounds.size() - 1), 1u);
  EXPECT_EQ(histogram.count(DurationHistogram::kBounds.size()), 1u);
  EXPECT_EQ(histogram.sum(), TimeDelta(20'000'202));
}

}  // namespace
}  // namespace sfu

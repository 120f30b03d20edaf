#include "base/units.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace sfu {
namespace {

using namespace std::chrono_literals;

TEST(Units, RateIsSizeOverTimeWhicheverIsAskedFor) {
  const DataSize size = DataSize::from_bytes(1250);
  const DataRate rate = DataRate::from_kbps(1000);
  EXPECT_EQ(size / 10ms, rate);
  EXPECT_EQ(size / rate, TimeDelta(10ms));
  EXPECT_EQ(rate * 10ms, size);
}

TEST(Units, DoNotOverflowForADayOrATerabyte) {
  const DataRate rate = DataRate::from_kbps(10'000);
  EXPECT_EQ(rate * 24h, DataSize::from_bytes(108'000'000'000));
  EXPECT_EQ(DataSize::from_bytes(1'000'000'000'000) / 1h, DataRate::from_bps(2'222'222'222));
}

TEST(Units, SizesAddSubtractAndCompare) {
  DataSize size = DataSize::from_bytes(100);
  size += DataSize::from_bytes(20);
  EXPECT_EQ(size - DataSize::from_bytes(130), DataSize::from_bytes(-10));
  EXPECT_LT(DataSize(), size);
  EXPECT_EQ(DataSize().bytes(), 0);
  EXPECT_EQ(DataRate().bps(), 0);
}

TEST(Units, StrongIdsHashAsTheirValues) {
  std::unordered_set<Ssrc> ssrcs{Ssrc{1}, Ssrc{2}, Ssrc{1}};
  EXPECT_EQ(ssrcs.size(), 2U);
  EXPECT_TRUE(ssrcs.contains(Ssrc{2}));
}

}  // namespace
}  // namespace sfu

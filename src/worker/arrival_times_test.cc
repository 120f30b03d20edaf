#include "worker/arrival_times.h"

#include <gtest/gtest.h>

namespace sfu::worker {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kLooked{1000s};
constexpr Timestamp kNow = kLooked + 10ms;
constexpr std::int64_t kWallClock = 1'700'000'000'000'000;

class ArrivalTimesTest : public testing::Test {
 protected:
  ArrivalTimesTest() {
    times_.begin(kLooked, kWallClock - 10'000);
    times_.begin(kNow, kWallClock);
  }
  ArrivalTimes times_;
};

TEST_F(ArrivalTimesTest, TellsHowLongADatagramHasWaited) {
  EXPECT_EQ(times_.arrival(kWallClock - 3'000), kNow - 3ms);
  EXPECT_EQ(times_.arrival(kWallClock - 1'000), kNow - 1ms);
}

TEST_F(ArrivalTimesTest, TakesOneWithoutAStampAsOfNow) { EXPECT_EQ(times_.arrival(0), kNow); }

TEST_F(ArrivalTimesTest, PutsOneThatCameAfterTheLookAtTheLook) {
  EXPECT_EQ(times_.arrival(kWallClock + 50), kNow);
}

TEST_F(ArrivalTimesTest, NeverGoesBack) {
  EXPECT_EQ(times_.arrival(kWallClock - 1'000), kNow - 1ms);
  EXPECT_EQ(times_.arrival(kWallClock - 2'000), kNow - 1ms);
}

TEST_F(ArrivalTimesTest, StaysBetweenTwoLooksWhenTheWallClockIsSet) {
  EXPECT_EQ(times_.arrival(kWallClock - 3'600'000'000), kLooked);
  EXPECT_EQ(times_.arrival(kWallClock + 3'600'000'000), kNow);
}

}  // namespace
}  // namespace sfu::worker

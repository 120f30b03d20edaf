#include "bwe/loss_meter.h"

#include <gtest/gtest.h>

namespace sfu::bwe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LossMeterTest : public testing::Test {
 protected:
  void add(std::int64_t arrived, std::int64_t lost, std::int64_t found = 0) {
    meter_.add(now_, arrived, lost, found);
  }

  Timestamp now_{seconds(100)};
  LossMeter meter_;
};

TEST_F(LossMeterTest, KnowsNothingBeforeTheFirstPacket) {
  EXPECT_EQ(meter_.fraction(), std::nullopt);
  add(0, 0);
  EXPECT_EQ(meter_.fraction(), std::nullopt);
  add(1, 0);
  EXPECT_EQ(meter_.fraction(), 0.0);
}

TEST_F(LossMeterTest, IsTheShareOfWhatWasLostTogether) {
  add(90, 10);
  EXPECT_DOUBLE_EQ(*meter_.fraction(), 0.1);
  add(50, 50);
  EXPECT_DOUBLE_EQ(*meter_.fraction(), 0.3);
}

TEST_F(LossMeterTest, WhatIsASecondOldCountsHalf) {
  add(0, 30);
  now_ += seconds(1);
  add(15, 0);
  EXPECT_DOUBLE_EQ(*meter_.fraction(), 0.5);
}

TEST_F(LossMeterTest, StaysAsItIsWhileNothingIsSent) {
  add(3, 1);
  now_ += seconds(500);
  EXPECT_DOUBLE_EQ(*meter_.fraction(), 0.25);
}

TEST_F(LossMeterTest, WhatCameAfterAllIsNotLost) {
  add(9, 1);
  now_ += milliseconds(1);
  add(1, 0, 1);
  EXPECT_LT(*meter_.fraction(), 1e-9);
  add(1, 0, 5);
  EXPECT_EQ(meter_.fraction(), 0.0) << "never less than nothing";
}

}  // namespace
}  // namespace sfu::bwe

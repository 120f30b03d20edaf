#include "worker/wait_policy.h"

#include <gtest/gtest.h>

namespace sfu::worker {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{1s};

TEST(WaitPolicy, WaitsForTheFirstDeadlineAndNoLongerThanASecond) {
  struct Row {
    const char* name;
    WaitPolicy::Outlook outlook;
    TimeDelta at_most;
  };
  for (const Row& row : {
           Row{"nothing is due", {}, 1s},
           Row{"a timer", {.timer_due = kNow + 20ms}, 20ms},
           Row{"a timer in a minute", {.timer_due = kNow + 60s}, 1s},
           Row{"a flush before a timer", {.flush_due = kNow + 1ms, .timer_due = kNow + 20ms}, 1ms},
           Row{"a timer before a flush", {.flush_due = kNow + 2ms, .timer_due = kNow + 1ms}, 1ms},
           Row{"a timer that has passed", {.timer_due = kNow - 3ms}, 0ms},
           Row{"a timer at once", {.timer_due = Timestamp::min()}, 0ms},
           Row{"work", {.has_work = true, .timer_due = kNow + 20ms}, 0ms},
       }) {
    WaitPolicy policy;
    const WaitPolicy::Plan plan = policy.plan(kNow, row.outlook);
    EXPECT_EQ(plan.at_most, row.at_most) << row.name;
    EXPECT_FALSE(plan.dozes) << row.name;
  }
}

class DozingTest : public testing::Test {
 protected:
  /// One wait while a flush is held for `held` more.
  WaitPolicy::Plan wait(TimeDelta held, TimeDelta waited, bool has_work = false) {
    const auto plan = policy_.plan(kNow, {.has_work = has_work, .flush_due = kNow + held});
    policy_.note_waited(waited);
    return plan;
  }

  WaitPolicy policy_;
};

TEST_F(DozingTest, BeginsWithTheWaitAfterOneThatShowedPacketsFarApart) {
  EXPECT_FALSE(wait(500us, WaitPolicy::kSpaced - 1us).dozes);
  EXPECT_FALSE(wait(450us, WaitPolicy::kSpaced).dozes);
  EXPECT_TRUE(wait(400us, 0us).dozes);
  EXPECT_TRUE(wait(300us, 0us).dozes) << "for the rest of the frame";
}

TEST_F(DozingTest, LastsSomePacketsTimeAndNotBeyondTheFlush) {
  wait(500us, WaitPolicy::kSpaced);
  EXPECT_EQ(wait(400us, 0us).at_most, WaitPolicy::kDoze);
  EXPECT_EQ(wait(25us, 0us).at_most, 25us);
}

TEST_F(DozingTest, LooksForCommandsAloneWhereThereIsWork) {
  wait(500us, WaitPolicy::kSpaced);
  const auto plan = wait(400us, 0us, /*has_work=*/true);
  EXPECT_TRUE(plan.dozes);
  EXPECT_EQ(plan.at_most, 0us);
}

TEST_F(DozingTest, EndsWithTheFlush) {
  wait(500us, WaitPolicy::kSpaced);
  EXPECT_FALSE(wait(0us, 0us).dozes) << "it is due now";
  EXPECT_FALSE(wait(500us, 0us).dozes) << "another frame, of which nothing is known yet";
}

TEST_F(DozingTest, IsNotBegunByALongWaitForWhichNothingWasHeld) {
  policy_.plan(kNow, {.timer_due = kNow + 20ms});
  policy_.note_waited(20ms);
  EXPECT_FALSE(wait(500us, 0us).dozes);
}

}  // namespace
}  // namespace sfu::worker

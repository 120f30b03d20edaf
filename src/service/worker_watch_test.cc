#include "service/worker_watch.h"

#include <gtest/gtest.h>

namespace sfu::service {
namespace {

using Change = WorkerWatch::Change;
using worker::Stage;

constexpr TimeDelta kTick{1};

class WorkerWatchTest : public testing::Test {
 protected:
  Change look_after(TimeDelta time) {
    now_ += time;
    return watch_.look(now_, pulse_);
  }

  WorkerWatch watch_;
  Timestamp now_{std::chrono::seconds(1000)};
  worker::Pulse pulse_{7, Stage::Datagrams, 0};
};

TEST_F(WorkerWatchTest, ALoopIsStuckTwoSecondsAfterItsLastTurnAndNotBefore) {
  look_after(TimeDelta(0));
  for (TimeDelta passed{}; passed + WorkerWatch::kInterval < WorkerWatch::kPatience;
       passed += WorkerWatch::kInterval)
    EXPECT_EQ(look_after(WorkerWatch::kInterval), Change::None);
  EXPECT_EQ(look_after(WorkerWatch::kInterval - kTick), Change::None);
  EXPECT_FALSE(watch_.is_stuck());
  EXPECT_EQ(look_after(kTick), Change::Stuck);
  EXPECT_TRUE(watch_.is_stuck());
  EXPECT_EQ(watch_.still(), WorkerWatch::kPatience);
  EXPECT_EQ(look_after(WorkerWatch::kInterval), Change::None);
}

TEST_F(WorkerWatchTest, ALoopThatTurnsHasRecovered) {
  look_after(TimeDelta(0));
  while (look_after(WorkerWatch::kInterval) != Change::Stuck) {
  }
  pulse_ = {8, Stage::Waiting, 0};
  EXPECT_EQ(look_after(WorkerWatch::kInterval), Change::Recovered);
  EXPECT_FALSE(watch_.is_stuck());
  EXPECT_EQ(watch_.still(), TimeDelta(0));
}

TEST_F(WorkerWatchTest, ALoopThatTurnsOnceASecondIsNotStuck) {
  for (int second = 0; second < 10; ++second) {
    for (int look = 0; look < 4; ++look)
      EXPECT_EQ(look_after(WorkerWatch::kInterval), Change::None);
    ++pulse_.turns;
  }
}

TEST_F(WorkerWatchTest, AnotherStageOfTheSameTurnIsNoTurn) {
  look_after(TimeDelta(0));
  Change change = Change::None;
  for (int look = 0; look < 8; ++look) {
    pulse_.stage = look % 2 ? Stage::Sending : Stage::Timers;
    change = look_after(WorkerWatch::kInterval);
  }
  EXPECT_EQ(change, Change::Stuck);
}

TEST_F(WorkerWatchTest, AMachineThatStoodStillMakesNoWorkerStuck) {
  look_after(TimeDelta(0));
  EXPECT_EQ(look_after(std::chrono::hours(1)), Change::None);
  EXPECT_EQ(watch_.still(), 2 * WorkerWatch::kInterval);
}

}  // namespace
}  // namespace sfu::service

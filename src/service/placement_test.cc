#include "service/placement.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sfu::service {
namespace {

using namespace std::chrono_literals;

constexpr double kMargin = 0.1;

Timestamp at(TimeDelta time) { return Timestamp(1000s + time); }

/// A room that fills, each of its people costing `share`, and who sits where.
struct Filling {
  explicit Filling(std::size_t workers) : placement(workers, kMargin), people(workers, 0) {}

  void enter(Timestamp now, double share) {
    const std::size_t worker = placement.choose(now, present);
    if (std::find(present.begin(), present.end(), worker) == present.end())
      present.push_back(worker);
    placement.expect(now, worker, share);
    placement.enter(worker);
    ++people[worker];
  }

  Placement placement;
  std::vector<std::size_t> present;
  std::vector<int> people;
};

TEST(Placement, GivesARoomThatIsNowhereToTheFreestWorker) {
  Placement placement(3, kMargin);
  placement.measure(0, 0.3);
  placement.measure(1, 0.2);
  placement.measure(2, 0.25);
  EXPECT_EQ(placement.choose(at(0s), {}), 1u);
}

TEST(Placement, LeavesARoomWhereItIsUntilThatIsBusierByAClearMargin) {
  Placement placement(2, kMargin);
  placement.measure(0, 0.39);
  placement.measure(1, 0.3);
  EXPECT_EQ(placement.choose(at(0s), {0}), 0u);
  placement.measure(0, 0.41);
  EXPECT_EQ(placement.choose(at(0s), {0}), 1u);
  EXPECT_EQ(placement.choose(at(0s), {0, 1}), 1u);
  placement.measure(1, 0.5);
  EXPECT_EQ(placement.choose(at(0s), {0, 1}), 0u);
}

TEST(Placement, KeepsAMeetingOfTenOnOneWorker) {
  Filling room(4);
  for (int i = 0; i < 10; ++i)
    room.enter(at(i * 1s), Placement::kShareOfPerson + 18 * Placement::kShareOfStream);
  EXPECT_EQ(room.present.size(), 1u);
}

TEST(Placement, SpreadsABurstOfJoinsBeforeAnybodyMeasuredIt) {
  Filling room(4);
  for (int i = 0; i < 500; ++i) room.enter(at(i * 20ms), 8 * Placement::kShareOfStream);
  EXPECT_EQ(room.present.size(), 4u);
  for (const int people : room.people) EXPECT_GT(people, 60);
}

TEST(Placement, SpreadsAnAudienceThatIsThereBeforeItsSpeaker) {
  Filling room(2);
  for (int i = 0; i < 500; ++i) room.enter(at(i * 10s), Placement::kShareOfPerson);
  EXPECT_EQ(room.present.size(), 2u);
}

TEST(Placement, BelievesWhatIsMeasuredOnceWhatWasExpectedIsOld) {
  Placement placement(2, kMargin);
  placement.expect(at(0s), 0, 0.4);
  EXPECT_EQ(placement.choose(at(0s), {0}), 1u);
  EXPECT_NEAR(placement.load(at(2s), 0), 0.2, 1e-9);
  EXPECT_EQ(placement.choose(at(10s), {0}), 0u);
  placement.measure(0, 0.4);
  EXPECT_EQ(placement.choose(at(10s), {0}), 1u);
}

TEST(Placement, TakesNoNoiseForALoad) {
  Placement placement(2, 0);
  placement.measure(1, 0.099);
  placement.enter(0);
  EXPECT_EQ(placement.choose(at(0s), {}), 1u);
  placement.measure(1, 0.101);
  EXPECT_EQ(placement.choose(at(0s), {}), 0u);
}

TEST(Placement, ForgetsWhoHasLeft) {
  Placement placement(1, kMargin);
  for (int i = 0; i < 100; ++i) placement.enter(0);
  EXPECT_GT(placement.load(at(0s), 0), 0.0);
  for (int i = 0; i < 100; ++i) placement.leave(0);
  EXPECT_EQ(placement.load(at(0s), 0), 0.0);
}

TEST(Placement, GivesNobodyToAWorkerThatIsStuckUnlessAllAre) {
  Placement placement(2, kMargin);
  placement.set_stuck(0, true);
  placement.measure(1, 1.0);
  EXPECT_EQ(placement.choose(at(0s), {0}), 1u);
  placement.set_stuck(1, true);
  EXPECT_EQ(placement.choose(at(0s), {0}), 0u);
}

}  // namespace
}  // namespace sfu::service

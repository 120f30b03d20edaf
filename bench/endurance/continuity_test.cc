#include "endurance/continuity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::endurance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ContinuityTest : public testing::Test {
 protected:
  /// Frames of ann at bob every 100 ms, seen every 20 ms.
  void flow(TimeDelta span) {
    for (const Timestamp end = now_ + span; now_ < end; now_ += 20ms) {
      if (now_ >= next_frame_) {
        ++frames_;
        next_frame_ = now_ + 100ms;
      }
      look();
    }
  }
  void silence(TimeDelta span) {
    for (const Timestamp end = now_ + span; now_ < end; now_ += 20ms) look();
  }
  void look() { continuity_.observe(now_, {"bob", "ann", "video"}, expected_, frames_); }
  std::uint32_t begin(FaultKind kind, const std::string& person) {
    return continuity_.begin_fault(now_, kind, person);
  }
  void end(std::uint32_t fault) { continuity_.end_fault(now_, fault); }

  std::vector<std::string> failures_;
  Continuity continuity_{[this](const std::string& what) { failures_.push_back(what); }};
  Timestamp now_{1000s};
  Timestamp next_frame_;
  bool expected_ = true;
  std::uint64_t frames_ = 0;
};

TEST_F(ContinuityTest, MediaThatFlowsIsContinuous) {
  flow(30s);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(ContinuityTest, ASilenceThatNothingExcusesFailsOnceAndSaysWhose) {
  flow(10s);
  silence(5s);
  flow(5s);
  ASSERT_THAT(failures_, SizeIs(1));
  EXPECT_THAT(failures_[0], HasSubstr("bob seeing video of ann"));
  EXPECT_THAT(failures_[0], HasSubstr("no fault near"));
  silence(5s);
  EXPECT_THAT(failures_, SizeIs(2));
}

TEST_F(ContinuityTest, ASilenceOfLessThanASecondIsNone) {
  flow(10s);
  silence(Continuity::kContinuous - 120ms);
  flow(1s);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(ContinuityTest, AFaultOfEitherEndExcusesUntilItsRecoveryIsOver) {
  for (const char* person : {"ann", "bob", ""}) {
    failures_.clear();
    flow(10s);
    const auto fault = begin(FaultKind::Vanish, person);
    silence(5s);
    end(fault);
    silence(rule_of(FaultKind::Vanish).recovery - 100ms);
    flow(1s);
    EXPECT_THAT(failures_, IsEmpty()) << person;
    const auto another = begin(FaultKind::Vanish, person);
    silence(5s);
    end(another);
    silence(rule_of(FaultKind::Vanish).recovery + 100ms);
    flow(1s);
    EXPECT_THAT(failures_, SizeIs(1)) << person;
  }
}

TEST_F(ContinuityTest, AFaultOfSomebodyElseExcusesNothing) {
  flow(10s);
  begin(FaultKind::Vanish, "eve");
  silence(3s);
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(ContinuityTest, WhoStopsReadingIsStillSeen) {
  flow(10s);
  const auto of_viewer = begin(FaultKind::StopsReading, "bob");
  silence(3s);
  end(of_viewer);
  flow(60s);
  EXPECT_THAT(failures_, IsEmpty());
  begin(FaultKind::StopsReading, "ann");
  silence(3s);
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(ContinuityTest, ALostSocketExcusesNothing) {
  flow(10s);
  end(begin(FaultKind::SocketReset, "bob"));
  silence(2s);
  ASSERT_THAT(failures_, SizeIs(1));
  EXPECT_THAT(failures_[0], HasSubstr("signaling reset of bob"));
}

TEST_F(ContinuityTest, FaultsThatFollowEachOtherExcuseTogetherAndNotAcrossAHole) {
  flow(10s);
  const auto first = begin(FaultKind::Vanish, "ann");
  silence(2s);
  end(first);
  silence(2s);
  const auto second = begin(FaultKind::LossToServer, "ann");
  silence(2s);
  end(second);
  flow(1s);
  EXPECT_THAT(failures_, IsEmpty());
  flow(60s);
  end(begin(FaultKind::PortChanged, "ann"));
  silence(3s);
  begin(FaultKind::Vanish, "ann");
  silence(1s);
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(ContinuityTest, AStreamThatNeverComesFailsAfterItsTime) {
  silence(Continuity::kAppear);
  EXPECT_THAT(failures_, IsEmpty());
  silence(200ms);
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(ContinuityTest, NothingIsAskedOfAStreamThatNeedNotFlow) {
  flow(10s);
  expected_ = false;
  silence(60s);
  expected_ = true;
  silence(2s);
  flow(2s);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(ContinuityTest, TimeInWhichNobodyLookedProvesNothing) {
  flow(10s);
  const Timestamp from = now_;
  now_ += 5s;
  continuity_.excuse_own_absence(from, now_ + 1s);
  silence(900ms);
  flow(1s);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(ContinuityTest, TellsOfEachKindTheGapAndTheTimeFromItsEnd) {
  flow(10s);
  const auto fault = begin(FaultKind::Vanish, "ann");
  silence(4s);
  end(fault);
  silence(500ms);
  flow(10s);
  continuity_.tidy(now_ + 2min);
  const auto& summary = continuity_.summaries()[static_cast<std::size_t>(FaultKind::Vanish)];
  ASSERT_THAT(summary.gaps, SizeIs(1));
  EXPECT_NEAR(static_cast<double>(summary.gaps[0].count()), 4.5e6, 0.2e6);
  EXPECT_NEAR(static_cast<double>(summary.recoveries[0].count()), 0.5e6, 0.1e6);
}

}  // namespace
}  // namespace sfu::endurance

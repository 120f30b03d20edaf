#include "io/reading_pace.h"

#include <gtest/gtest.h>

namespace sfu::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Rate kRate{1'000'000, 4'000'000};
constexpr std::size_t kMessage = 1'000'000 - ReadingPace::kEachMessage;
constexpr Timestamp kStart{seconds(100)};

TEST(ReadingPace, LetsSoMuchThroughAtOnceAndThenAsMuchAsItsRate) {
  ReadingPace pace(kRate, kStart);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pace.charge(kStart, kMessage), TimeDelta(0)) << i;
  EXPECT_EQ(pace.charge(kStart, kMessage), seconds(1));
  EXPECT_EQ(pace.charge(kStart + seconds(1), 500'000 - ReadingPace::kEachMessage),
            milliseconds(500));
}

TEST(ReadingPace, CountsMessagesBesideTheirBytes) {
  ReadingPace pace(kRate, kStart);
  const std::size_t at_once = static_cast<std::size_t>(kRate.burst) / ReadingPace::kEachMessage;
  for (std::size_t i = 0; i < at_once; ++i) ASSERT_EQ(pace.charge(kStart, 0), TimeDelta(0));
  EXPECT_GT(pace.charge(kStart, 0), TimeDelta(0));
}

TEST(ReadingPace, SavesNoMoreThanItsBurst) {
  ReadingPace pace(kRate, kStart);
  const Timestamp later = kStart + std::chrono::hours(1);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pace.charge(later, kMessage), TimeDelta(0)) << i;
  EXPECT_GT(pace.charge(later, kMessage), TimeDelta(0));
}

TEST(ReadingPace, PausesForASecondAtMost) {
  ReadingPace pace(kRate, kStart);
  EXPECT_EQ(pace.charge(kStart, 100'000'000), ReadingPace::kLongestPause);
}

}  // namespace
}  // namespace sfu::io

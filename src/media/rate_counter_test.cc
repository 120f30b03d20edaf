#include "media/rate_counter.h"

#include <gtest/gtest.h>

namespace sfu::media {
namespace {

using namespace std::chrono_literals;

TEST(RateCounter, TellsTheBitsOfTheLastSecond) {
  RateCounter counter;
  Timestamp now(5000s);
  for (int i = 0; i < 300; ++i, now += 10ms) counter.add(now, 1250);
  EXPECT_EQ(counter.rate(now - 10ms), DataRate::from_kbps(1000));
}

TEST(RateCounter, ForgetsAfterASecondOfSilenceAndNotAtOnce) {
  RateCounter counter;
  const Timestamp now(5000s);
  counter.add(now, 1250);
  EXPECT_EQ(counter.rate(now + 900ms), DataRate::from_bps(10'000));
  EXPECT_EQ(counter.rate(now + 1000ms), DataRate());
  counter.add(now + 3s, 2500);
  EXPECT_EQ(counter.rate(now + 3s), DataRate::from_bps(20'000));
}

}  // namespace
}  // namespace sfu::media

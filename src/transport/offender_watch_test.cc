#include "transport/offender_watch.h"

#include <gtest/gtest.h>

namespace sfu::transport {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{1000s};

TEST(OffenderWatch, IsSilentAboutWhatHonestPeersCause) {
  OffenderWatch watch;
  for (Timestamp now = kNow; now < kNow + 300s; now += 50ms) EXPECT_FALSE(watch.note(now));
}

TEST(OffenderWatch, SpeaksOnceAMinuteOfAFlood) {
  OffenderWatch watch;
  int lines = 0;
  for (Timestamp now = kNow; now < kNow + 150s; now += 1ms) lines += watch.note(now) ? 1 : 0;
  EXPECT_EQ(lines, 3);
}

TEST(FloodGate, AdmitsTwoThousandInATenthOfASecondAndNoMore) {
  FloodGate gate;
  std::uint32_t admitted = 0;
  for (int i = 0; i < 10'000; ++i) admitted += gate.admit(kNow + 10us * i) ? 1u : 0u;
  EXPECT_EQ(admitted, 2000u);
  EXPECT_TRUE(gate.admit(kNow + 100ms));
}

TEST(FloodGate, IsOpenToASteadyStreamOfThirtyMegabits) {
  FloodGate gate;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(gate.admit(kNow + 300us * i));
}

}  // namespace
}  // namespace sfu::transport

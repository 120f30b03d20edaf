#include "rtp/ntp.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sfu::rtp {
namespace {

using namespace std::chrono_literals;

constexpr NtpClock kClock{std::chrono::seconds(3'900'000'000)};  // 2023.

TEST(NtpTime, CompactFormIsTheMiddle) {
  constexpr NtpTime kTime{0x1122334455667788};
  EXPECT_EQ(kTime.seconds(), 0x11223344u);
  EXPECT_EQ(kTime.fraction(), 0x55667788u);
  EXPECT_EQ(kTime.compact(), 0x33445566u);
}

TEST(NtpClock, IsExactToTheMicrosecondBothWays) {
  for (const TimeDelta since_zero : {0us, 1us, 999'999us, 1'000'000us, 123'456'789'012us, -1us}) {
    const Timestamp time(since_zero);
    EXPECT_EQ(kClock.to_timestamp(kClock.to_ntp(time)), time) << since_zero.count();
  }
  EXPECT_EQ(kClock.to_ntp(Timestamp(500ms)).seconds(), 3'900'000'000u);
  EXPECT_EQ(kClock.to_ntp(Timestamp(500ms)).fraction(), 0x80000000u);
}

TEST(NtpClock, SurvivesTheEndOfTheEraIn2036) {
  const Timestamp later(std::chrono::seconds(400'000'000));
  EXPECT_LT(kClock.to_ntp(later), kClock.to_ntp(Timestamp()));
  EXPECT_EQ(kClock.to_timestamp(kClock.to_ntp(later)), later);
}

TEST(CompactNtp, ConvertsDurations) {
  EXPECT_EQ(to_compact_ntp(1s), 65536u);
  EXPECT_EQ(to_compact_ntp(250ms), 16384u);
  EXPECT_EQ(to_compact_ntp(-1s), 0u);
  EXPECT_EQ(to_compact_ntp(std::chrono::hours(1000)), 0xFFFFFFFFu);
  EXPECT_EQ(from_compact_ntp(65536), 1s);
  EXPECT_EQ(from_compact_ntp(16384), 250ms);
}

// RFC 3550 §6.4.1, figure 2: A = b710:8000, LSR = b705:2000, DLSR = 5.250 s: 6.125 s.
TEST(RoundTripTime, IsThatOfTheRfcsExample) {
  EXPECT_EQ(round_trip_time(0xb7108000, 0xb7052000, 0x00054000), 6125ms);
}

TEST(RoundTripTime, IsZeroWhereRoundingMakesItNegativeAndCrossesTheWrap) {
  EXPECT_EQ(round_trip_time(1000, 900, 101), 0us);
  EXPECT_EQ(round_trip_time(0x00008000, 0xFFFF8000, 0), 1s);
}

}  // namespace
}  // namespace sfu::rtp

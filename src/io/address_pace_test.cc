#include "io/address_pace.h"

#include <gtest/gtest.h>

namespace sfu::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Rate kRate{1'000'000, 4'000'000};
constexpr Timestamp kStart{seconds(100)};
const IpAddress kHost = IpAddress::v4(0xc0000201);
const IpAddress kOther = IpAddress::v4(0xc0000202);

TEST(AddressPace, AllConnectionsOfAnAddressShareWhatItHas) {
  AddressPace pace(kRate);
  EXPECT_EQ(pace.charge(kStart, kHost, 3'000'000), TimeDelta(0));
  EXPECT_NEAR(static_cast<double>(pace.charge(kStart, kHost, 1'500'000).count()), 500'000, 10);
  EXPECT_EQ(pace.charge(kStart, kOther, 3'000'000), TimeDelta(0));
}

TEST(AddressPace, ANewConnectionWaitsForWhatTheOthersOwe) {
  AddressPace pace(kRate);
  pace.charge(kStart, kHost, 6'000'000);
  EXPECT_GT(pace.charge(kStart + milliseconds(1900), kHost, 0), TimeDelta(0));
  EXPECT_EQ(pace.charge(kStart + milliseconds(2100), kHost, 0), TimeDelta(0));
}

TEST(AddressPace, PausesForAsLongAsItTakesAndTwentySecondsAtMost) {
  AddressPace pace(kRate);
  EXPECT_NEAR(static_cast<double>(pace.charge(kStart, kHost, 19'000'000).count()), 15e6, 10);
  EXPECT_EQ(pace.charge(kStart, kHost, 1'000'000'000), AddressPace::kLongestPause);
  EXPECT_EQ(pace.charge(kStart + seconds(21), kHost, 0), TimeDelta(0));
}

TEST(AddressPace, BoundsNobodyWithoutAHost) {
  AddressPace pace(kRate);
  EXPECT_EQ(pace.charge(kStart, std::nullopt, 1'000'000'000), TimeDelta(0));
}

}  // namespace
}  // namespace sfu::io

#include "ice/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "crypto/random.h"

namespace sfu::ice {
namespace {

using testing::MatchesRegex;
using testing::SizeIs;

TEST(Credentials, AreIceCharsAndLongEnough) {
  crypto::SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    const Credentials credentials = Credentials::random(random);
    EXPECT_THAT(credentials.ufrag, MatchesRegex("[A-Za-z0-9+/]*"));
    EXPECT_THAT(credentials.password, MatchesRegex("[A-Za-z0-9+/]*"));
    EXPECT_GE(credentials.ufrag.size(), 4U);      // RFC 8445 §5.3
    EXPECT_GE(credentials.password.size(), 22U);  // RFC 8445 §5.3
  }
}

TEST(Credentials, UseAllSixtyFourCharacters) {
  crypto::SeededRandom random(1);
  std::set<char> seen;
  for (int i = 0; i < 100; ++i)
    for (const char c : Credentials::random(random).password) seen.insert(c);
  EXPECT_THAT(seen, SizeIs(64));
}

TEST(Credentials, DifferEachTimeAndRepeatWithTheSeed) {
  crypto::SeededRandom random(1), again(1);
  const Credentials first = Credentials::random(random);
  EXPECT_NE(first, Credentials::random(random));
  EXPECT_EQ(first, Credentials::random(again));
}

}  // namespace
}  // namespace sfu::ice

#include "ice/seen_transactions.h"

#include <gtest/gtest.h>

namespace sfu::ice {
namespace {

stun::TransactionId numbered(std::size_t n) {
  stun::TransactionId id{};
  id[10] = static_cast<std::uint8_t>(n >> 8);
  id[11] = static_cast<std::uint8_t>(n);
  return id;
}

TEST(SeenTransactions, KnowTheLatestFiveHundredAndTwelveAndNoMore) {
  SeenTransactions seen;
  for (std::size_t n = 0; n < 5000; ++n) {
    ASSERT_TRUE(seen.note(numbered(n))) << n;
    ASSERT_FALSE(seen.note(numbered(n))) << n;
    if (n >= SeenTransactions::kMax) {
      ASSERT_FALSE(seen.note(numbered(n - SeenTransactions::kMax + 1))) << n;
    }
    ASSERT_LE(seen.size(), SeenTransactions::kMax);
  }
  EXPECT_TRUE(seen.note(numbered(5000 - SeenTransactions::kMax - 1))) << "the bound";
}

}  // namespace
}  // namespace sfu::ice

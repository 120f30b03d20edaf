#include "srtp/replay_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sfu::srtp {
namespace {

TEST(EstimateIndex, TakesTheIndexNearestToTheHighest) {
  struct Row {
    std::uint64_t highest;
    std::uint16_t sequence_number;
    std::uint64_t index;
  };
  const Row rows[] = {
      {10, 11, 11},
      {10, 9, 9},
      {0xffff, 0, 0x1'0000},
      {0x1'0000, 0xffff, 0xffff},
      {0x1'7fff, 0xffff, 0x1'ffff},
      {0x1'7ffe, 0xffff, 0xffff},
      {0x5'fff0, 0x7ff0, 0x5'7ff0},
      {0x5'fff0, 0x7fef, 0x6'7fef},
      {0x2'0005, 0xfffe, 0x1'fffe},
  };
  for (const Row& row : rows)
    EXPECT_EQ(estimate_index(row.highest, row.sequence_number), row.index)
        << row.highest << " " << row.sequence_number;
}

TEST(EstimateIndex, NeverGoesBelowTheFirstCycle) {
  EXPECT_EQ(estimate_index(5, 0xffff), 0xffffu);
  EXPECT_EQ(estimate_index(0, 0x8001), 0x8001u);
}

TEST(EstimateIndex, EndsWithTheKeyAt48Bits) {
  EXPECT_EQ(estimate_index(0xffff'ffff'ffff, 0xffff), 0xffff'ffff'ffffu);
  EXPECT_EQ(estimate_index(0xffff'ffff'ffff, 0), std::nullopt);
}

TEST(ReplayWindow, AgreesWithASetOverRandomWalks) {
  constexpr std::size_t kSize = 128;
  std::mt19937 random(5);
  for (int run = 0; run < 50; ++run) {
    ReplayWindow<kSize> window;
    std::uint64_t newest = random() % 1000 + kSize;
    std::set<std::uint64_t> seen = {newest};
    window.insert(newest);
    for (int step = 0; step < 2000; ++step) {
      const std::uint64_t reach = random() % 10 == 0 ? 3 * kSize : 5;
      const std::uint64_t forward = newest + random() % reach;
      if (forward > newest) {
        window.advance(newest, forward);
        newest = forward;
        window.insert(newest);
        seen.insert(newest);
      }
      const std::uint64_t probe = newest - random() % kSize;
      EXPECT_EQ(window.contains(probe), seen.contains(probe));
      window.insert(probe);
      seen.insert(probe);
    }
  }
}

}  // namespace
}  // namespace sfu::srtp

#include "crypto/random.h"

#include <gtest/gtest.h>

#include <array>

namespace sfu::crypto {
namespace {

TEST(SeededRandom, RepeatsWithItsSeedAndDiffersWithAnother) {
  SeededRandom first(7), again(7), other(8);
  const auto value = first.next_u64();
  EXPECT_EQ(value, again.next_u64());
  EXPECT_NE(value, other.next_u64());
  EXPECT_NE(first.next_u64(), value);
}

TEST(SeededRandom, FillsEveryByteOfAnySize) {
  for (std::size_t size = 0; size <= 17; ++size) {
    std::array<int, 17> ever_set{};
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
      std::array<std::uint8_t, 18> buffer{};
      SeededRandom(seed).fill(MutableBytes(buffer).first(size));
      for (std::size_t i = 0; i < size; ++i) ever_set[i] |= buffer[i];
      EXPECT_EQ(buffer[size], 0) << "wrote beyond the end";
    }
    for (std::size_t i = 0; i < size; ++i) EXPECT_NE(ever_set[i], 0) << size << " " << i;
  }
}

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  EXPECT_NE(random.next_u64(), random.next_u64());
}

}  // namespace
}  // namespace sfu::crypto

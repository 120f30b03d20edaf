#include "base/fifo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace sfu {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

TEST(Fifo, GivesBackWhatWasPutInInItsOrder) {
  Fifo<std::unique_ptr<int>> queue;
  queue.push_back(std::make_unique<int>(1));
  queue.emplace_back(std::make_unique<int>(2));
  EXPECT_EQ(**queue.pop_front(), 1);
  EXPECT_EQ(**queue.pop_front(), 2);
  EXPECT_EQ(queue.pop_front(), std::nullopt);
  EXPECT_TRUE(queue.empty());
}

TEST(Fifo, ShowsOnlyWhatHasNotBeenTaken) {
  Fifo<int> queue;
  for (int i = 0; i < 4; ++i) queue.push_back(i);
  queue.pop_front();
  EXPECT_THAT(queue, ElementsAre(1, 2, 3));
  queue.clear();
  EXPECT_THAT(queue, ElementsAre());
}

TEST(Fifo, AgreesWithADequeOverRandomOperations) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::minstd_rand random(seed + 1);
    Fifo<std::uint32_t> queue;
    std::deque<std::uint32_t> oracle;
    for (int step = 0; step < 500; ++step) {
      if (random() % 9 < 5) {
        queue.push_back(static_cast<std::uint32_t>(step));
        oracle.push_back(static_cast<std::uint32_t>(step));
      } else if (const auto taken = queue.pop_front()) {
        ASSERT_EQ(*taken, oracle.front());
        oracle.pop_front();
      }
      ASSERT_EQ(queue.size(), oracle.size());
      ASSERT_THAT(queue, ElementsAreArray(oracle));
    }
  }
}

}  // namespace
}  // namespace sfu

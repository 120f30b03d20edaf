#include "base/deadline_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sfu {
namespace {

using namespace std::chrono_literals;

TEST(DeadlineQueue, YieldsSlotsInOrderOfDeadlineAndNoneBeforeItsTime) {
  DeadlineQueue queue;
  queue.set(3, Timestamp(30us));
  queue.set(1, Timestamp(10us));
  queue.set(2, Timestamp(20us));
  EXPECT_EQ(queue.pop_due(Timestamp(9us)), std::nullopt);
  EXPECT_EQ(queue.pop_due(Timestamp(25us)), 1u);
  EXPECT_EQ(queue.pop_due(Timestamp(25us)), 2u);
  EXPECT_EQ(queue.pop_due(Timestamp(25us)), std::nullopt);
  EXPECT_EQ(queue.next(), Timestamp(30us));
}

TEST(DeadlineQueue, AgreesWithAnOrderedMapOverRandomOperations) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::minstd_rand random(seed + 1);
    DeadlineQueue queue;
    std::map<DeadlineQueue::Slot, Timestamp> oracle;
    for (int step = 0; step < 2000; ++step) {
      const auto slot = static_cast<DeadlineQueue::Slot>(random() % 40);
      if (random() % 4 == 0) {
        queue.set(slot, std::nullopt);
        oracle.erase(slot);
      } else {
        const Timestamp deadline{TimeDelta(random() % 1000)};
        queue.set(slot, deadline);
        oracle[slot] = deadline;
      }
      if (random() % 8 == 0) {
        if (const auto due = queue.pop_due(Timestamp(TimeDelta(random() % 1000)))) {
          ASSERT_TRUE(oracle.contains(*due));
          for (const auto& [other, deadline] : oracle) ASSERT_GE(deadline, oracle[*due]);
          oracle.erase(*due);
        }
      }
      ASSERT_EQ(queue.size(), oracle.size());
    }
  }
}

}  // namespace
}  // namespace sfu

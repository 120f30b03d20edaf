#include "base/packet_buffer.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sfu {
namespace {

TEST(PacketBuffer, SharesItsBytesBetweenCopiesAndGoesBackWithTheLast) {
  PacketArena arena;
  PacketBuffer first = arena.allocate();
  first.room()[0] = 7;
  first.set_size(1);
  PacketBuffer copy = first;
  EXPECT_EQ(copy.bytes().data(), first.bytes().data());
  EXPECT_EQ(copy.bytes().size(), 1U);
  first = PacketBuffer();
  EXPECT_FALSE(first);
  EXPECT_EQ(arena.in_use(), 1U);
  EXPECT_EQ(copy.bytes()[0], 7);
  copy = PacketBuffer();
  EXPECT_EQ(arena.in_use(), 0U);
}

TEST(PacketBuffer, MovesWithoutCountingTwice) {
  PacketArena arena;
  PacketBuffer first = arena.allocate();
  PacketBuffer second = std::move(first);
  EXPECT_TRUE(second);
  PacketBuffer third = arena.allocate();
  third = std::move(second);
  EXPECT_EQ(arena.in_use(), 1U);
  PacketBuffer& alias = third;
  third = alias;
  EXPECT_TRUE(third);
  EXPECT_EQ(arena.in_use(), 1U);
}

TEST(PacketBuffer, BeginsEmptyAndWithAllItsRoomEachTime) {
  PacketArena arena;
  for (int i = 0; i < 3; ++i) {
    PacketBuffer buffer = arena.allocate();
    EXPECT_TRUE(buffer.bytes().empty());
    EXPECT_EQ(buffer.room().size(), PacketBuffer::kCapacity);
    buffer.set_size(PacketBuffer::kCapacity);
    EXPECT_EQ(buffer.mutable_bytes().size(), PacketBuffer::kCapacity);
  }
}

TEST(PacketBufferDeathTest, CannotBeLongerThanItsRoom) {
  PacketArena arena;
  PacketBuffer buffer = arena.allocate();
  EXPECT_DEATH(buffer.set_size(PacketBuffer::kCapacity + 1), "broken invariant");
}

TEST(PacketArena, GivesNothingAtItsLimitAndGoesOnWhenOneComesBack) {
  constexpr std::size_t kLimit = 256;
  PacketArena arena(kLimit);
  std::vector<PacketBuffer> all;
  while (PacketBuffer buffer = arena.allocate()) all.push_back(std::move(buffer));
  EXPECT_EQ(all.size(), kLimit);
  EXPECT_FALSE(arena.allocate());
  all.pop_back();
  EXPECT_TRUE(arena.allocate());
}

TEST(PacketArena, AllocatesNoMemoryInSteadyState) {
  PacketArena arena;
  for (int i = 0; i < 100'000; ++i) {
    const PacketBuffer first = arena.allocate(), second = arena.allocate();
    ASSERT_TRUE(first && second);
  }
  const std::size_t capacity = arena.capacity();
  EXPECT_LT(capacity, 1000U);
  const PacketBuffer other = arena.allocate();
  EXPECT_EQ(arena.capacity(), capacity);
}

}  // namespace
}  // namespace sfu

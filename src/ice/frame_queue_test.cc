#include "ice/frame_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sfu::ice {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Octets = std::vector<std::uint8_t>;

constexpr std::uint8_t kStun = 1, kDtls = 22, kMedia = 128;

Octets datagram(std::uint8_t kind, std::size_t size, std::uint8_t fill = 0) {
  Octets bytes(size, fill);
  bytes.front() = kind;
  return bytes;
}

class FrameQueueTest : public testing::Test {
 protected:
  /// Writes up to `most` bytes, as a socket that takes no more.
  void write(std::size_t most) {
    const Bytes next = queue_.unwritten();
    const std::size_t count = std::min(most, next.size());
    written_.insert(written_.end(), next.begin(),
                    next.begin() + static_cast<std::ptrdiff_t>(count));
    queue_.consume(count);
  }
  /// What a reader makes of all that was written; the first byte and the size of each.
  std::vector<std::pair<int, std::size_t>> arrived() const {
    std::vector<std::pair<int, std::size_t>> frames;
    Bytes rest = written_;
    while (rest.size() >= kFrameHeaderSize) {
      const std::size_t size = static_cast<std::size_t>(rest[0] << 8 | rest[1]);
      if (rest.size() < kFrameHeaderSize + size) break;
      frames.emplace_back(rest[2], size);
      rest = rest.subspan(kFrameHeaderSize + size);
    }
    return frames;
  }

  FrameQueue queue_;
  Octets written_;
  Timestamp now_{100s};
};

TEST_F(FrameQueueTest, PutsTheSizeOfEachDatagramBeforeIt) {
  ASSERT_TRUE(queue_.push(now_, Octets(0x1234, kMedia)));
  ASSERT_TRUE(queue_.push(now_, Octets{kStun, 7}));
  write(100'000);
  ASSERT_EQ(written_.size(), 0x1234u + 2 + 4);
  EXPECT_THAT(Bytes(written_).first(2), ElementsAre(0x12, 0x34));
  EXPECT_THAT(Bytes(written_).last(4), ElementsAre(0, 2, kStun, 7));
  EXPECT_TRUE(queue_.empty());
}

TEST_F(FrameQueueTest, RefusesMediaThatWouldPassItsBoundAndKeepsRoomForStunAndDtls) {
  std::size_t taken = 0;
  while (queue_.push(now_, datagram(kMedia, 1022))) ++taken;
  EXPECT_EQ(taken, 256u) << "KB, as docs/security.md states";
  EXPECT_EQ(queue_.counters().full, 1u);
  EXPECT_TRUE(queue_.push(now_, datagram(kStun, 100)));
  EXPECT_TRUE(queue_.push(now_, datagram(kDtls, 1200)));
  while (queue_.push(now_, datagram(kDtls, 1022))) ++taken;
  EXPECT_LE(queue_.unwritten().size(), FrameQueue::kMaxBytes);
  EXPECT_GT(queue_.unwritten().size() + 1024, FrameQueue::kMaxBytes);
}

TEST_F(FrameQueueTest, TakesTheLargestFrame) {
  EXPECT_TRUE(queue_.push(now_, datagram(kMedia, kMaxFrameSize)));
  write(1'000'000);
  EXPECT_THAT(arrived(), ElementsAre(std::pair<int, std::size_t>{kMedia, kMaxFrameSize}));
}

TEST_F(FrameQueueTest, LeavesOutMediaThatWaitedLongerThanItsBoundAndNotBefore) {
  queue_.push(now_, datagram(kMedia, 50));
  queue_.push(now_ + 1ms, datagram(kMedia, 60));
  queue_.drop_late(now_ + 300ms);
  EXPECT_EQ(queue_.counters().late, 0u);
  queue_.drop_late(now_ + 301ms);
  EXPECT_EQ(queue_.counters().late, 1u);
  write(1000);
  EXPECT_THAT(arrived(), ElementsAre(std::pair<int, std::size_t>{kMedia, 60}));
}

TEST_F(FrameQueueTest, TakesOnlySmallMediaWhileTheNextHasWaitedLongerThanItsPatience) {
  queue_.push(now_, datagram(kMedia, 1000));
  now_ += FrameQueue::kPatience;
  EXPECT_TRUE(queue_.push(now_, datagram(kMedia, 1000)));
  now_ += 1us;
  EXPECT_FALSE(queue_.push(now_, datagram(kMedia, FrameQueue::kSmallMedia + 1)));
  EXPECT_TRUE(queue_.push(now_, datagram(kMedia, FrameQueue::kSmallMedia)));
  EXPECT_TRUE(queue_.push(now_, datagram(kDtls, 1200)));
  write(1002);
  EXPECT_TRUE(queue_.push(now_, datagram(kMedia, 1000))) << "the next has come lately";
}

TEST_F(FrameQueueTest, TakesLargeMediaBehindOneThatIsOnlyHalfWritten) {
  queue_.push(now_, datagram(kMedia, 1000));
  write(500);
  EXPECT_TRUE(queue_.push(now_ + 1s, datagram(kMedia, 1000)));
}

TEST_F(FrameQueueTest, NeverLeavesOutStunAndDtlsThatItTookIn) {
  queue_.push(now_, datagram(kMedia, 40));
  queue_.push(now_, datagram(kStun, 50));
  queue_.push(now_, datagram(kDtls, 60));
  queue_.drop_late(now_ + 10s);
  write(1000);
  EXPECT_THAT(arrived(), ElementsAre(std::pair<int, std::size_t>{kStun, 50},
                                     std::pair<int, std::size_t>{kDtls, 60}));
}

TEST_F(FrameQueueTest, FinishesADatagramThatWasBegunAndLeavesOutTheLateOnesBehindIt) {
  for (const std::size_t size : {100u, 200u, 300u}) queue_.push(now_, datagram(kMedia, size, 7));
  write(42);
  now_ += 1s;
  queue_.drop_late(now_);
  queue_.push(now_, datagram(kMedia, 400));
  EXPECT_EQ(queue_.counters().late, 2u);
  write(1000);
  EXPECT_THAT(arrived(), ElementsAre(std::pair<int, std::size_t>{kMedia, 100},
                                     std::pair<int, std::size_t>{kMedia, 400}));
  EXPECT_EQ(Bytes(written_).subspan(3, 99).back(), 7);
}

TEST_F(FrameQueueTest, FinishesADatagramOfWhichOneByteIsLeft) {
  queue_.push(now_, datagram(kMedia, 100));
  queue_.push(now_, datagram(kMedia, 200));
  write(101);
  queue_.drop_late(now_ + 1s);
  write(1000);
  EXPECT_THAT(arrived(), ElementsAre(std::pair<int, std::size_t>{kMedia, 100}));
}

TEST_F(FrameQueueTest, IsWholeAfterAnyMixOfWritesAndDrops) {
  std::size_t size = 1;
  for (int round = 0; round < 4000; ++round) {
    size = (size * 48271 + 11) % 1400 + 1;
    queue_.push(now_, datagram(round % 9 == 0 ? kStun : kMedia, size));
    now_ += round % 51 == 0 ? 400ms : 7ms;
    if (round % 3 == 0) queue_.drop_late(now_);
    write(size * static_cast<std::size_t>(round % 2 + 1) / 2);
  }
  queue_.drop_late(now_);
  write(1'000'000);
  EXPECT_TRUE(queue_.empty());
  std::size_t bytes = 0, control = 0;
  for (const auto& [first, length] : arrived()) {
    ASSERT_TRUE(first == kStun || first == kMedia) << "the stream lost its frames";
    bytes += kFrameHeaderSize + length;
    control += first == kStun;
  }
  EXPECT_EQ(bytes, written_.size());
  EXPECT_EQ(control, 4000u / 9 + 1);
  EXPECT_EQ(arrived().size(), queue_.counters().frames);
  EXPECT_GT(queue_.counters().late, 10u);
  EXPECT_GT(queue_.counters().full, 100u);
}

}  // namespace
}  // namespace sfu::ice

#include "worker/worker_links.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <cstring>
#include <thread>

namespace sfu::worker {
namespace {

/// Waits as a worker's loop does.
class Watch {
 public:
  explicit Watch(int fd) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    EXPECT_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), 0);
  }
  bool is_woken(int timeout_ms = 0) {
    epoll_event event{};
    return epoll_wait(epoll_.get(), &event, 1, timeout_ms) == 1;
  }

 private:
  io::FileDescriptor epoll_;
};

bool write(LinkWriter& link, std::uint64_t number) {
  const MutableBytes room = link.reserve(sizeof number);
  if (room.empty()) return false;
  std::memcpy(room.data(), &number, sizeof number);
  link.commit();
  return true;
}

std::uint64_t number_of(Bytes bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

TEST(WorkerLinks, LeadEachWorkerToEachOtherAndNotToItself) {
  WorkerLinks links(3);
  for (std::size_t from = 0; from < 3; ++from) {
    const auto writers = links.writers(from);
    ASSERT_EQ(writers.size(), 3u);
    for (std::size_t to = 0; to < 3; ++to) {
      EXPECT_EQ(writers[to] == nullptr, from == to);
      if (from != to) write(*writers[to], 10 * from + to);
    }
    links.publish(from);
  }
  for (std::size_t to = 0; to < 3; ++to) {
    std::vector<std::uint64_t> read;
    links.read(to, [&](Bytes bytes) { read.push_back(number_of(bytes)); });
    std::vector<std::uint64_t> expected;
    for (std::size_t from = 0; from < 3; ++from)
      if (from != to) expected.push_back(10 * from + to);
    EXPECT_EQ(read, expected);
  }
}

TEST(WorkerLinks, WakeOnceForEachBatchThatFindsTheReaderWithNothingToRead) {
  WorkerLinks links(2);
  Watch watch(links.wake_up_fd(1));
  LinkWriter& link = *links.writers(0)[1];
  EXPECT_FALSE(watch.is_woken());
  for (int round = 0; round < 3; ++round) {
    write(link, 1);
    write(link, 2);
    EXPECT_FALSE(watch.is_woken());
    links.publish(0);
    EXPECT_TRUE(watch.is_woken());
    EXPECT_FALSE(watch.is_woken());
    links.read(1, [](Bytes) {});
  }
}

TEST(WorkerLinks, ReadOnWhereOneBatchWasTooMuch) {
  WorkerLinks links(2);
  Watch watch(links.wake_up_fd(1));
  LinkWriter& link = *links.writers(0)[1];
  constexpr std::uint64_t kMessages = 1000;
  for (std::uint64_t number = 0; number < kMessages; ++number) ASSERT_TRUE(write(link, number));
  links.publish(0);
  std::uint64_t read = 0;
  int batches = 0;
  for (; watch.is_woken(); ++batches) links.read(1, [&](Bytes) { ++read; });
  EXPECT_EQ(read, kMessages);
  EXPECT_GT(batches, 1);
}

/// A reader that sleeps whenever it has read all: it would sleep for ever at a wake-up that is
/// missing.
TEST(WorkerLinks, LeaveNoReaderAsleepBesideAMessage) {
  constexpr std::uint64_t kMessages = 20'000;
  constexpr int kForEverMs = 20'000;
  WorkerLinks links(2);
  Watch watch(links.wake_up_fd(1));
  std::thread writer([&] {
    LinkWriter& link = *links.writers(0)[1];
    for (std::uint64_t number = 0; number < kMessages;) {
      if (write(link, number)) ++number;
      if (number % 3 == 0) links.publish(0);
    }
    links.publish(0);
  });
  std::uint64_t expected = 0;
  std::uint64_t wrong = 0;
  while (expected < kMessages && watch.is_woken(kForEverMs))
    links.read(1, [&](Bytes bytes) { wrong += number_of(bytes) == expected++ ? 0 : 1; });
  writer.join();
  EXPECT_EQ(expected, kMessages);
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace sfu::worker

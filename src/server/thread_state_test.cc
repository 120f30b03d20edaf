#include "server/thread_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace sfu::server {
namespace {

TEST(ThreadState, OfOneThatComputesAndOfOneThatWaits) {
  EXPECT_EQ(describe_thread(gettid()), "computes");

  std::mutex mutex;
  std::atomic<pid_t> id = 0;
  std::unique_lock lock(mutex);
  std::thread thread([&] {
    id = gettid();
    const std::lock_guard held_up(mutex);
  });
  while (id == 0 || describe_thread(id) != "waits") std::this_thread::yield();
  lock.unlock();
  thread.join();
}

TEST(ThreadState, OfOneThatIsNotThereIsUnknown) {
  EXPECT_EQ(describe_thread(0), "does what the kernel does not say");
}

}  // namespace
}  // namespace sfu::server

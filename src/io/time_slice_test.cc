#include "io/time_slice.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace sfu::io {
namespace {

/// Before 6.12 the scheduler had one slice for everybody.
bool kernel_has_slices() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 12);
}

/// The attributes are a thread's, so each claim has a thread of its own.
void in_a_thread(void (*claim)()) { std::thread(claim).join(); }

TEST(TimeSlice, IsWhatWasAskedForWhereTheKernelHasThem) {
  if (!kernel_has_slices()) GTEST_SKIP() << "this kernel has one slice for everybody";
  in_a_thread([] {
    EXPECT_TRUE(request_time_slice(std::chrono::microseconds(100)));
    EXPECT_TRUE(request_time_slice(std::chrono::milliseconds(2)));
  });
}

TEST(TimeSlice, OutsideOfTheKernelsBoundsIsRefused) {
  in_a_thread([] { EXPECT_FALSE(request_time_slice(std::chrono::microseconds(1))); });
}

TEST(TimeSlice, LeavesTheThreadAsNiceAsItIs) {
  in_a_thread([] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, 7), 0);
    request_time_slice(std::chrono::microseconds(100));
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 7);
  });
}

TEST(TimeSlice, OfAnIdleThreadStaysAsItIs) {
  in_a_thread([] {
    const sched_param none{};
    ASSERT_EQ(sched_setscheduler(0, SCHED_IDLE, &none), 0);
    EXPECT_FALSE(request_time_slice(std::chrono::microseconds(100)));
    EXPECT_EQ(sched_getscheduler(0), SCHED_IDLE);
  });
}

}  // namespace
}  // namespace sfu::io

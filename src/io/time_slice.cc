#include "io/time_slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

namespace sfu::io {
namespace {

/// The kernel's struct sched_attr in its first size. Its own header and the C library's cannot be
/// included together.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  // The slice, for SCHED_OTHER.
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

bool read(pid_t thread, SchedulingAttributes& attributes) {
  return syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) == 0;
}

}  // namespace

bool request_time_slice(TimeDelta slice) {
  SchedulingAttributes attributes;
  if (!read(0, attributes) || attributes.policy != SCHED_OTHER) return false;
  attributes.runtime_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(slice).count());
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 && time_slice_of(0) == slice;
}

std::optional<TimeDelta> time_slice_of(pid_t thread) {
  SchedulingAttributes attributes;
  if (!read(thread, attributes)) return std::nullopt;
  return std::chrono::duration_cast<TimeDelta>(std::chrono::nanoseconds(attributes.runtime_ns));
}

}  // namespace sfu::io

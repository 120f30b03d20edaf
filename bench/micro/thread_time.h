#pragma once

#include <cstdint>
#include <ctime>

namespace sfu::micro {

/// Processor time of this thread, in seconds: what others do meanwhile is not in it.
inline double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace sfu::micro

#include "load/clock.h"

#include <algorithm>
#include <ctime>

namespace sfu::load {
namespace {

Nanoseconds read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

}  // namespace

Nanoseconds monotonic_now() { return read(CLOCK_MONOTONIC); }

Nanoseconds monotonic_minus_realtime() {
  // An interruption between two readings only ever makes the difference smaller.
  constexpr int kReadings = 5;
  Nanoseconds difference = Nanoseconds::min();
  for (int i = 0; i < kReadings; ++i) {
    const Nanoseconds monotonic = read(CLOCK_MONOTONIC);
    difference = std::max(difference, monotonic - read(CLOCK_REALTIME));
  }
  return difference;
}

}  // namespace sfu::load

#include "io/clock.h"

#include <ctime>

namespace sfu::io {
namespace {

std::int64_t read_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000;
}

}  // namespace

Timestamp monotonic_now() { return Timestamp(TimeDelta(read_us(CLOCK_MONOTONIC))); }

std::int64_t wall_clock_us() { return read_us(CLOCK_REALTIME); }

}  // namespace sfu::io

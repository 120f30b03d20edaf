#pragma once

#include <chrono>

#include "base/units.h"

namespace sfu::load {

/// Time since the machine's start (CLOCK_MONOTONIC), or a span of it. What publishers write into
/// packets, so that a viewer of this process can tell how long one took.
using Nanoseconds = std::chrono::nanoseconds;

Nanoseconds monotonic_now();

/// What to add to CLOCK_REALTIME, in which the kernel stamps arrivals, to get monotonic time.
Nanoseconds monotonic_minus_realtime();

/// The same instant as the protocol code tells it.
constexpr Timestamp to_timestamp(Nanoseconds time) {
  return Timestamp(std::chrono::duration_cast<TimeDelta>(time));
}
constexpr Nanoseconds to_nanoseconds(Timestamp time) { return time.time_since_epoch(); }

}  // namespace sfu::load

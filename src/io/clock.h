#pragma once

#include "base/units.h"

namespace sfu::io {

/// CLOCK_MONOTONIC in microseconds.
Timestamp monotonic_now();

/// Microseconds from the Unix epoch, for NTP times and tokens.
std::int64_t wall_clock_us();

}  // namespace sfu::io

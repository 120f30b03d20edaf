#pragma once

#include <cstdint>

#include "base/units.h"

namespace sfu::worker {

/// Turns the kernel's stamps of arrival, which are of the wall clock, into the time of the loop. A
/// wall clock can be set: an arrival never lies before the loop last looked nor after it looks now,
/// and never before an earlier one.
class ArrivalTimes {
 public:
  /// The loop looks: both clocks at one moment.
  void begin(Timestamp now, std::int64_t wall_clock_us);
  /// Of the next datagram; 0 where the kernel does not tell.
  Timestamp arrival(std::int64_t wall_clock_us);

 private:
  Timestamp now_{};
  std::int64_t wall_clock_us_ = 0;
  Timestamp earliest_{};
};

}  // namespace sfu::worker

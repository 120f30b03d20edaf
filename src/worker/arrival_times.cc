#include "worker/arrival_times.h"

#include <algorithm>

namespace sfu::worker {

void ArrivalTimes::begin(Timestamp now, std::int64_t wall_clock_us) {
  earliest_ = now_;
  now_ = now;
  wall_clock_us_ = wall_clock_us;
}

Timestamp ArrivalTimes::arrival(std::int64_t wall_clock_us) {
  const TimeDelta age(wall_clock_us == 0 ? 0 : wall_clock_us_ - wall_clock_us);
  earliest_ = std::clamp(now_ - age, earliest_, now_);
  return earliest_;
}

}  // namespace sfu::worker

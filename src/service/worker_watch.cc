#include "service/worker_watch.h"

#include <algorithm>

namespace sfu::service {

WorkerWatch::Change WorkerWatch::look(Timestamp now, const worker::Pulse& pulse) {
  const bool was_stuck = is_stuck();
  const TimeDelta passed =
      looked_at_ ? std::min<TimeDelta>(now - *looked_at_, 2 * kInterval) : TimeDelta(0);
  still_ = looked_at_ && pulse.turns == pulse_.turns ? still_ + passed : TimeDelta(0);
  looked_at_ = now;
  pulse_ = pulse;
  if (is_stuck() == was_stuck) return Change::None;
  return was_stuck ? Change::Recovered : Change::Stuck;
}

}  // namespace sfu::service

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/units.h"

namespace sfu::counts {

/// Since the start of the run.
using VirtualTime = std::chrono::nanoseconds;

/// What the worker's clocks show at the start of the run, in seconds.
inline constexpr std::int64_t kMonotonicClockStart = 1000;
inline constexpr std::int64_t kWallClockStart = 1'700'000'000;

/// As the worker's monotonic clock shows it.
inline Timestamp to_timestamp(VirtualTime time) {
  return Timestamp(std::chrono::seconds(kMonotonicClockStart) +
                   std::chrono::duration_cast<TimeDelta>(time));
}

/// What happens when on the virtual network. What is due at one time happens in the order in which
/// it was planned.
class Agenda {
 public:
  using Action = std::function<void(VirtualTime)>;

  void at(VirtualTime when, Action action) { actions_.emplace(when, std::move(action)); }

  /// Calls each action that is due with its own time.
  void run_until(VirtualTime now) {
    while (!actions_.empty() && actions_.begin()->first <= now) {
      const auto due = actions_.extract(actions_.begin());
      due.mapped()(due.key());
    }
  }

  VirtualTime next() const {
    return actions_.empty() ? VirtualTime::max() : actions_.begin()->first;
  }

 private:
  std::multimap<VirtualTime, Action> actions_;
};

}  // namespace sfu::counts

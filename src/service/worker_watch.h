#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "worker/heartbeat.h"

namespace sfu::service {

/// Judges by a worker's pulse whether its loop turns.
class WorkerWatch {
 public:
  /// A loop that has not turned for so long is stuck. One with nothing to do turns once a second.
  static constexpr TimeDelta kPatience = std::chrono::seconds(2);
  /// Between two looks. Of a longer pause no more than twice this counts: whoever looks was held up
  /// too then, and a machine that stood still says nothing about the worker.
  static constexpr TimeDelta kInterval = std::chrono::milliseconds(250);

  enum class Change : std::uint8_t { None, Stuck, Recovered };
  Change look(Timestamp now, const worker::Pulse& pulse);

  bool is_stuck() const { return still_ >= kPatience; }
  /// For how long the loop has not turned, as far as it was seen.
  TimeDelta still() const { return still_; }
  /// What it was at when it was looked at last.
  const worker::Pulse& pulse() const { return pulse_; }

 private:
  std::optional<Timestamp> looked_at_;
  TimeDelta still_{};
  worker::Pulse pulse_;
};

}  // namespace sfu::service

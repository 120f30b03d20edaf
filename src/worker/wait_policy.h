#pragma once

#include <algorithm>
#include <optional>

#include "base/units.h"

namespace sfu::worker {

/// How long a worker's loop waits, and for what. Most often that is for packets, commands or a
/// deadline, whichever comes first. But while a flush is held for the rest of a frame whose packets
/// come far apart, each would wake the loop, and a wake-up costs more than a packet: from the
/// frame's second wait on the loop dozes for some packets' time, and only commands wake it.
class WaitPolicy {
 public:
  /// The longest wait where nothing is due, so that the measured load stays fresh.
  static constexpr TimeDelta kLongestWait = std::chrono::seconds(1);
  /// A held wait of at least this long tells that the frame's packets are far apart.
  static constexpr TimeDelta kSpaced = std::chrono::microseconds(10);
  static constexpr TimeDelta kDoze = std::chrono::microseconds(60);

  struct Outlook {
    bool has_work = false;                 // Something was taken that is not handled yet.
    std::optional<Timestamp> flush_due{};  // Where something waits to be sent.
    std::optional<Timestamp> timer_due{};  // The first of all others.
  };
  struct Plan {
    bool dozes = false;
    TimeDelta at_most{};
  };

  /// Before each wait; note_waited() after it.
  Plan plan(Timestamp now, const Outlook& outlook) {
    holds_ = outlook.flush_due && *outlook.flush_due > now;
    is_spaced_ = is_spaced_ && holds_;
    if (outlook.has_work) return {is_spaced_, TimeDelta(0)};
    if (is_spaced_) return {true, std::min(*outlook.flush_due - now, kDoze)};
    Timestamp deadline = now + kLongestWait;
    if (outlook.timer_due) deadline = std::min(deadline, *outlook.timer_due);
    if (outlook.flush_due) deadline = std::min(deadline, *outlook.flush_due);
    return {false, std::max(deadline, now) - now};
  }
  void note_waited(TimeDelta waited) { is_spaced_ = is_spaced_ || (holds_ && waited >= kSpaced); }

 private:
  bool holds_ = false;      // The flush is held for the rest of a frame,
  bool is_spaced_ = false;  // whose packets come far apart.
};

}  // namespace sfu::worker

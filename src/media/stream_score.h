#pragma once

#include <cstdint>

#include "base/units.h"

namespace sfu::media {

/// How well a stream comes through, from kBest (nothing is missing) to 0 (nothing comes): the share
/// that was delivered, to its fourth power, since little loss harms more than little; smoothed over
/// some intervals. What a retransmission brings counts for less the more of it is needed, as it
/// comes late.
class StreamScore {
 public:
  static constexpr std::uint8_t kBest = 10;

  /// What was measured since the last time. Numbers that contradict each other are clamped: a peer
  /// may tell us anything.
  struct Interval {
    std::int64_t packets = 0;   // That were sent, repetitions not counted.
    std::int64_t missed = 0;    // Of them, those that did not arrive the first time.
    std::int64_t repaired = 0;  // Of the missed, those that came by retransmission.
  };
  /// An interval without packets tells nothing.
  void handle_interval(const Interval& interval);
  /// Nothing comes any more. The next interval with packets begins anew.
  void handle_death();

  std::uint8_t value() const { return is_dead_ ? std::uint8_t{0} : rounded(); }

 private:
  std::uint8_t rounded() const { return static_cast<std::uint8_t>(smoothed_ + 0.5F); }

  float smoothed_ = kBest;
  bool is_dead_ = false;
};

/// The score of a stream that arrives here.
class ArrivalScore {
 public:
  /// A stream of which nothing came for so long is dead. Longer than the pauses of silent speech
  /// (0.4 s between packets of comfort noise) and of a shared screen that stands still (1 s).
  static constexpr TimeDelta kDeadAfter = std::chrono::seconds(3);

  /// Since the stream began; all three start from zero again when it does.
  struct Totals {
    std::int64_t expected = 0;
    std::int64_t received = 0;  // Those that came as retransmissions included.
    std::int64_t repaired = 0;
  };
  /// To be called about once a second.
  void measure(Timestamp now, const Totals& totals);
  /// Leaves out what passed up to now.
  void skip(Timestamp now, const Totals& totals);

  std::uint8_t value() const { return score_.value(); }

 private:
  StreamScore score_;
  Totals before_;
  Timestamp last_heard_{};
};

}  // namespace sfu::media

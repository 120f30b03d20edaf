#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"

namespace sfu::media {

/// The numbers that one incoming stream lacks, and when to ask for each: at once, then by
/// round-trip time, until it comes or there is no more hope.
class LossList {
 public:
  static constexpr std::size_t kMaxMissing = 512;
  static constexpr int kMaxRequests = 10;
  static constexpr TimeDelta kMaxAge = std::chrono::seconds(1);
  static constexpr TimeDelta kMinRetry = std::chrono::milliseconds(20);
  static constexpr TimeDelta kDefaultRoundTripTime = std::chrono::milliseconds(100);

  /// All from `first` to `last` are missing, and newer than those already here. Where there are too
  /// many the oldest are given up.
  void add(Timestamp now, std::int64_t first, std::int64_t last);
  /// It came. False where it was not missing.
  bool remove(std::int64_t sequence);
  void clear();
  void set_round_trip_time(TimeDelta rtt) { rtt_ = rtt; }

  /// The next numbers that are due to be asked for, ascending, at most out.size(); they then count
  /// as asked for.
  std::size_t take_due(Timestamp now, std::span<std::int64_t> out);
  bool has_due(Timestamp now) const;
  /// The greatest number that has been given up since the last call, if any was.
  std::optional<std::int64_t> take_given_up();
  /// Gives up what is hopeless at `now`.
  void expire(Timestamp now);

  /// When the next one is due to be asked for or given up.
  std::optional<Timestamp> next_timeout() const;
  /// When the next one is given up, if nobody asks.
  std::optional<Timestamp> next_expiry() const;
  std::size_t size() const { return missing_.size(); }

 private:
  struct Missing {
    std::int64_t sequence;
    Timestamp since;
    Timestamp due;
    int requests;
  };

  static bool is_due(const Missing& entry, Timestamp now);
  TimeDelta retry_interval() const;
  void give_up(std::int64_t sequence);

  std::vector<Missing> missing_;  // Ascending.
  std::optional<std::int64_t> given_up_;
  TimeDelta rtt_ = kDefaultRoundTripTime;
};

}  // namespace sfu::media

#pragma once

#include <algorithm>
#include <chrono>

#include "base/units.h"

namespace sfu {

/// How often something may happen: `burst` times at once, and `per_second` times in each second
/// after that.
struct Rate {
  double per_second = 1;
  double burst = 1;

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// So much at once, and so much each second after that.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, Timestamp now)
      : per_second_(per_second), burst_(burst), tokens_(burst), filled_at_(now) {}
  TokenBucket(const Rate& rate, Timestamp now) : TokenBucket(rate.per_second, rate.burst, now) {}

  /// False where there has been too much.
  bool take(Timestamp now) {
    fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  /// Takes what something cost that has happened already, and be it more than there is: at most
  /// `burst` are owed then.
  void charge(Timestamp now, double cost) { charge(now, cost, burst_); }
  void charge(Timestamp now, double cost, double most_owed) {
    fill(now);
    tokens_ = std::max(tokens_ - cost, -most_owed);
  }
  /// False as long as something is owed.
  bool has_any(Timestamp now) {
    fill(now);
    return tokens_ > 0;
  }
  /// How long it takes until nothing is owed.
  TimeDelta until_any(Timestamp now) {
    if (has_any(now)) return TimeDelta(0);
    const std::chrono::duration<double> span(-tokens_ / per_second_);
    return std::chrono::duration_cast<TimeDelta>(span) + TimeDelta(1);
  }
  /// What was taken turned out to cost nothing.
  void give_back() { tokens_ = std::min(burst_, tokens_ + 1); }

  /// Whether it holds all that it can: it is as good as a new one.
  bool is_full(Timestamp now) {
    fill(now);
    return tokens_ >= burst_;
  }

 private:
  void fill(Timestamp now) {
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    filled_at_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  Timestamp filled_at_;
};

}  // namespace sfu

#pragma once

#include <algorithm>

#include "base/units.h"

namespace sfu {

/// So much at once, and so much each second after that.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, Timestamp now)
      : per_second_(per_second), burst_(burst), tokens_(burst), filled_at_(now) {}

  /// False where there has been too much.
  bool take(Timestamp now) {
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    filled_at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Timestamp filled_at_;
};

}  // namespace sfu

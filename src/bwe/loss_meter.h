#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/units.h"

namespace sfu::bwe {

/// Which share of the packets got lost lately: what is older counts half as much for each second.
class LossMeter {
 public:
  static constexpr TimeDelta kHalfLife = std::chrono::seconds(1);

  /// `found` were counted as lost before and came after all; they are among `arrived`.
  void add(Timestamp now, std::int64_t arrived, std::int64_t lost, std::int64_t found = 0) {
    const double age = std::chrono::duration<double>(now - updated_at_) / kHalfLife;
    const double kept = has_any_ ? std::exp2(-std::max(age, 0.0)) : 0;
    arrived_ = arrived_ * kept + static_cast<double>(arrived);
    lost_ = std::max(lost_ * kept + static_cast<double>(lost - found), 0.0);
    updated_at_ = now;
    has_any_ |= arrived + lost > 0;
  }
  /// 0 to 1; none before anything is known.
  std::optional<double> fraction() const {
    const double all = arrived_ + lost_;
    return has_any_ ? std::optional(all > 0 ? lost_ / all : 0) : std::nullopt;
  }

 private:
  double arrived_ = 0;
  double lost_ = 0;
  Timestamp updated_at_{};
  bool has_any_ = false;
};

}  // namespace sfu::bwe

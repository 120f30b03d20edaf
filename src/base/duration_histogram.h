#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace sfu {

/// How often something took how long: cheap to add to, and read when asked for.
class DurationHistogram {
 public:
  static constexpr std::array<TimeDelta, 11> kBounds = {
      TimeDelta(100),       TimeDelta(300),       TimeDelta(1'000),     TimeDelta(3'000),
      TimeDelta(10'000),    TimeDelta(30'000),    TimeDelta(100'000),   TimeDelta(300'000),
      TimeDelta(1'000'000), TimeDelta(3'000'000), TimeDelta(10'000'000)};

  void add(TimeDelta duration) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && duration > kBounds[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ += duration;
  }

  /// Those above kBounds[bucket - 1] and up to kBounds[bucket]; the last bucket has no upper end.
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
  TimeDelta sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  TimeDelta sum_{};
};

}  // namespace sfu

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "load/clock.h"

namespace sfu::load {

/// Durations, each kept to within a 64th of itself: 64 buckets for each doubling. Adding one
/// allocates nothing. Negative ones count as 0, those over 70 s as 70 s.
class Histogram {
 public:
  static constexpr std::size_t kBucketsForEachDoubling = 64;
  static constexpr std::size_t kBuckets = 31 * kBucketsForEachDoubling;

  void add(Nanoseconds value);
  void merge(const Histogram& other);
  void clear() { *this = Histogram(); }

  std::uint64_t count() const { return count_; }
  /// Exact.
  Nanoseconds max() const { return max_; }
  Nanoseconds mean() const;
  /// The value that `share` of all (0 to 1) do not exceed: the upper end of its bucket, but no more
  /// than max(). 0 where there is none.
  Nanoseconds percentile(double share) const;

  /// visit(Nanoseconds upper_end, std::uint64_t count) for each bucket that is not empty,
  /// ascending.
  template <class Visitor>
  void for_each_bucket(Visitor&& visit) const {
    for (std::size_t i = 0; i < kBuckets; ++i)
      if (counts_[i] != 0) visit(upper_end(i), counts_[i]);
  }

 private:
  static std::size_t bucket_of(std::uint64_t ns);
  static Nanoseconds upper_end(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  Nanoseconds max_{};
  Nanoseconds sum_{};
};

}  // namespace sfu::load

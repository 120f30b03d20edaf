#include "load/histogram.h"

#include <algorithm>
#include <cmath>

namespace sfu::load {
namespace {

constexpr unsigned kFineBits = 6;
static_assert(1u << kFineBits == Histogram::kBucketsForEachDoubling);

}  // namespace

// Below 64 ns a bucket is one nanosecond wide. From there on, a value with its highest bit at
// position p is told apart by the six bits below that one: its buckets are 2^(p-6) wide.

std::size_t Histogram::bucket_of(std::uint64_t ns) {
  if (ns < kBucketsForEachDoubling) return static_cast<std::size_t>(ns);
  const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kFineBits;
  const std::size_t bucket =
      (std::size_t{shift} << kFineBits) + static_cast<std::size_t>(ns >> shift);
  return std::min(bucket, kBuckets - 1);
}

Nanoseconds Histogram::upper_end(std::size_t bucket) {
  if (bucket < 2 * kBucketsForEachDoubling) return Nanoseconds(static_cast<std::int64_t>(bucket));
  const std::size_t shift = (bucket >> kFineBits) - 1;
  const std::size_t leading = bucket - (shift << kFineBits);
  return Nanoseconds(static_cast<std::int64_t>(((leading + 1) << shift) - 1));
}

void Histogram::add(Nanoseconds value) {
  value = std::max(value, Nanoseconds(0));
  ++counts_[bucket_of(static_cast<std::uint64_t>(value.count()))];
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

Nanoseconds Histogram::mean() const {
  return count_ == 0 ? Nanoseconds(0) : sum_ / static_cast<std::int64_t>(count_);
}

Nanoseconds Histogram::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen != 0) return std::min(upper_end(i), max_);
  }
  return max_;
}

}  // namespace sfu::load

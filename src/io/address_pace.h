#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "base/endpoint.h"
#include "base/keyed_buckets.h"
#include "base/token_bucket.h"

namespace sfu::io {

/// How fast all connections of one address are read together, so that whoever has many of them
/// gets no more of the thread that reads all. What is sent beyond that waits on its own side.
class AddressPace {
 public:
  /// At once this is what is owed at most, and how long it is paid back.
  static constexpr TimeDelta kLongestPause = std::chrono::seconds(20);
  static constexpr std::size_t kMaxAddresses = 65'536;

  explicit AddressPace(const Rate& bytes)
      : most_owed_(bytes.per_second * std::chrono::duration<double>(kLongestPause).count()),
        buckets_(bytes, kMaxAddresses) {}

  /// So many bytes of `host` were read at `now`; there is none where it is not bounded. For how
  /// long the connection that they came on is not to be read.
  TimeDelta charge(Timestamp now, const std::optional<IpAddress>& host, std::size_t bytes) {
    if (!host) return TimeDelta(0);
    buckets_.charge(now, *host, static_cast<double>(bytes), most_owed_);
    return std::min(buckets_.until_any(now, *host), kLongestPause);
  }

 private:
  const double most_owed_;
  KeyedBuckets<IpAddress> buckets_;
};

}  // namespace sfu::io

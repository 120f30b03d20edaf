#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/token_bucket.h"

namespace sfu::io {

/// How fast one peer is read: so many bytes at once, and so many each second after that. What it
/// sends beyond that waits on its own side (TCP's flow control), and costs nobody else any time.
class ReadingPace {
 public:
  /// A message is worth so many bytes beside its own.
  static constexpr std::size_t kEachMessage = 256;
  static constexpr TimeDelta kLongestPause = std::chrono::seconds(1);

  ReadingPace(const Rate& bytes, Timestamp now)
      : rate_(bytes), left_(bytes.burst), counted_at_(now) {}

  /// A message of so many bytes was read at `now`. For how long nothing more is to be read.
  TimeDelta charge(Timestamp now, std::size_t bytes) {
    const double passed = std::chrono::duration<double>(now - counted_at_).count();
    left_ = std::min(rate_.burst, left_ + passed * rate_.per_second);
    left_ -= static_cast<double>(bytes + kEachMessage);
    counted_at_ = now;
    if (left_ >= 0) return TimeDelta(0);
    const std::chrono::duration<double> pause(-left_ / rate_.per_second);
    return std::min(std::chrono::duration_cast<TimeDelta>(pause), kLongestPause);
  }

 private:
  const Rate rate_;
  double left_;  // Bytes; below zero after a message that was more than was left.
  Timestamp counted_at_;
};

}  // namespace sfu::io

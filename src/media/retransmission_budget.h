#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"

namespace sfu::media {

/// Holds a viewer's NACKs in bounds: not the same packet more often than its round trip allows, and
/// altogether no more than half of what was forwarded, beyond a reserve.
class RetransmissionBudget {
 public:
  /// As large as the largest key frame that one would want whole.
  static constexpr std::int64_t kReserve = 256 * 1024;  // Bytes.
  static constexpr std::int64_t kForwardedPerCredit = 2;
  static constexpr TimeDelta kMinInterval = std::chrono::milliseconds(20);
  /// Of two packets this far apart, the older is forgotten.
  static constexpr std::size_t kRemembered = 256;

  void handle_forwarded(std::size_t bytes) {
    credit_ = std::min(kReserve, credit_ + static_cast<std::int64_t>(bytes) / kForwardedPerCredit);
  }
  /// Whether the packet with this outgoing number may leave again now; it then counts as sent.
  bool take(Timestamp now, std::int64_t number, std::size_t bytes, TimeDelta rtt);

 private:
  struct Sent {
    std::int64_t number = -1;
    Timestamp at{};
  };

  std::int64_t credit_ = kReserve;
  std::vector<Sent> sent_;  // By number; made at the first retransmission.
};

}  // namespace sfu::media

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stun/message.h"

namespace sfu::ice {

/// The transactions of the latest checks, so that a check which somebody on the way has copied does
/// nothing a second time: STUN's integrity covers no address and knows no replay (RFC 8445 §19.2).
/// Keeps 32 bits of each; two that are alike by chance cost one check.
class SeenTransactions {
 public:
  /// At a browser's pace, one check in 2.5 s, those of the last twenty minutes.
  static constexpr std::size_t kMax = 512;

  /// False where it was noted before.
  bool note(const stun::TransactionId& id);
  std::size_t size() const { return marks_.size(); }

 private:
  std::vector<std::uint32_t> marks_;  // A ring once it is full.
  std::size_t oldest_ = 0;
};

}  // namespace sfu::ice

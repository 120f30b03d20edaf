#include "ice/seen_transactions.h"

#include <algorithm>

namespace sfu::ice {
namespace {

/// FNV-1a: there are clients that count their transactions in the last bytes.
std::uint32_t mark_of(const stun::TransactionId& id) {
  std::uint32_t mark = 2166136261u;
  for (const std::uint8_t byte : id) mark = (mark ^ byte) * 16777619u;
  return mark;
}

}  // namespace

bool SeenTransactions::note(const stun::TransactionId& id) {
  const std::uint32_t mark = mark_of(id);
  if (std::find(marks_.begin(), marks_.end(), mark) != marks_.end()) return false;
  if (marks_.size() < kMax) {
    marks_.push_back(mark);
  } else {
    marks_[oldest_] = mark;
    oldest_ = (oldest_ + 1) % kMax;
  }
  return true;
}

}  // namespace sfu::ice

#include "media/loss_list.h"

#include <algorithm>
#include <utility>

namespace sfu::media {

void LossList::add(Timestamp now, std::int64_t first, std::int64_t last) {
  if (first > last) return;
  const auto most = static_cast<std::int64_t>(kMaxMissing);
  if (last - first + 1 > most) {
    give_up(last - most);
    first = last - most + 1;
  }
  const std::size_t total = missing_.size() + static_cast<std::size_t>(last - first + 1);
  if (total > kMaxMissing) {
    const auto excess = static_cast<std::ptrdiff_t>(total - kMaxMissing);
    give_up(missing_[static_cast<std::size_t>(excess - 1)].sequence);
    missing_.erase(missing_.begin(), missing_.begin() + excess);
  }
  for (std::int64_t sequence = first; sequence <= last; ++sequence)
    missing_.push_back({sequence, now, now, 0});
}

bool LossList::remove(std::int64_t sequence) {
  const auto found = std::ranges::lower_bound(missing_, sequence, {}, &Missing::sequence);
  if (found == missing_.end() || found->sequence != sequence) return false;
  missing_.erase(found);
  return true;
}

void LossList::clear() { missing_.clear(); }

std::size_t LossList::take_due(Timestamp now, std::span<std::int64_t> out) {
  std::size_t taken = 0;
  for (Missing& entry : missing_) {
    if (taken == out.size()) break;
    if (!is_due(entry, now)) continue;
    ++entry.requests;
    entry.due = now + retry_interval();
    out[taken++] = entry.sequence;
  }
  return taken;
}

bool LossList::has_due(Timestamp now) const {
  return std::ranges::any_of(missing_, [&](const Missing& entry) { return is_due(entry, now); });
}

bool LossList::is_due(const Missing& entry, Timestamp now) {
  return entry.due <= now && entry.requests < kMaxRequests;
}

std::optional<std::int64_t> LossList::take_given_up() {
  return std::exchange(given_up_, std::nullopt);
}

void LossList::expire(Timestamp now) {
  std::erase_if(missing_, [&](const Missing& entry) {
    const bool asked_enough = entry.requests == kMaxRequests && entry.due <= now;
    const bool hopeless = asked_enough || now - entry.since >= kMaxAge;
    if (hopeless) give_up(entry.sequence);
    return hopeless;
  });
}

std::optional<Timestamp> LossList::next_timeout() const {
  std::optional<Timestamp> next;
  for (const Missing& entry : missing_) {
    const Timestamp at = std::min(entry.due, entry.since + kMaxAge);
    if (!next || at < *next) next = at;
  }
  return next;
}

std::optional<Timestamp> LossList::next_expiry() const {
  if (missing_.empty()) return std::nullopt;
  return missing_.front().since + kMaxAge;
}

TimeDelta LossList::retry_interval() const { return std::max(rtt_, kMinRetry); }

void LossList::give_up(std::int64_t sequence) {
  given_up_ = std::max(given_up_.value_or(sequence), sequence);
}

}  // namespace sfu::media

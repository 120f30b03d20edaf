#include "media/stream_score.h"

#include <algorithm>
#include <cmath>

namespace sfu::media {
namespace {

/// What is delivered counts to this power.
constexpr float kSeverity = 4;
/// The weight of the latest interval.
constexpr float kNewest = 0.25F;

}  // namespace

void StreamScore::handle_interval(const Interval& interval) {
  if (interval.packets <= 0) return;
  const auto packets = static_cast<float>(interval.packets);
  const auto missed = std::clamp<std::int64_t>(interval.missed, 0, interval.packets);
  const auto repaired = static_cast<float>(std::clamp<std::int64_t>(interval.repaired, 0, missed));
  const float worth = std::pow(1 + repaired / packets, -kSeverity);
  const float delivered = (packets - static_cast<float>(missed) + repaired * worth) / packets;
  const float score = kBest * std::pow(delivered, kSeverity);
  if (is_dead_) smoothed_ = kBest;
  is_dead_ = false;
  smoothed_ += (score - smoothed_) * kNewest;
}

void StreamScore::handle_death() { is_dead_ = true; }

void ArrivalScore::measure(Timestamp now, const Totals& totals) {
  const bool began_anew = totals.expected < before_.expected || totals.received < before_.received;
  const Totals before = began_anew ? Totals{.repaired = totals.repaired} : before_;
  const std::int64_t received = totals.received - before.received;
  const std::int64_t repaired = totals.repaired - before.repaired;
  before_ = totals;
  if (received > 0) {
    const std::int64_t packets = std::max(totals.expected - before.expected, received);
    score_.handle_interval(
        {.packets = packets, .missed = packets - (received - repaired), .repaired = repaired});
    last_heard_ = now;
  } else if (now - last_heard_ >= kDeadAfter) {
    score_.handle_death();
  }
}

void ArrivalScore::skip(Timestamp now, const Totals& totals) {
  before_ = totals;
  last_heard_ = now;
}

}  // namespace sfu::media

#include "media/rate_counter.h"

#include <algorithm>

namespace sfu::media {

void RateCounter::advance_to(std::int64_t slot) {
  const std::int64_t steps = std::min<std::int64_t>(slot - newest_slot_, kSlots);
  for (std::int64_t i = 0; i < steps; ++i) {
    newest_ = (newest_ + 1) % kSlots;
    bytes_[newest_] = 0;
  }
  newest_slot_ = slot;
}

DataRate RateCounter::rate(Timestamp now) const {
  const std::int64_t silent =
      std::max<std::int64_t>(0, now.time_since_epoch() / kSlot - newest_slot_);
  std::int64_t total = 0;
  for (std::int64_t age = 0; age + silent < std::int64_t{kSlots}; ++age)
    total += bytes_[(newest_ + kSlots - static_cast<std::size_t>(age)) % kSlots];
  return DataSize::from_bytes(total) / (kSlot * kSlots);
}

}  // namespace sfu::media

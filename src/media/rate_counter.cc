#include "media/rate_counter.h"

namespace sfu::media {

void RateCounter::add(Timestamp now, std::size_t bytes) {
  const std::int64_t slot = now.time_since_epoch() / kSlot;
  for (; newest_slot_ < slot; ++newest_slot_) {
    if (slot - newest_slot_ > static_cast<std::int64_t>(kSlots)) {
      bytes_.fill(0);
      newest_slot_ = slot;
      break;
    }
    bytes_[static_cast<std::size_t>(newest_slot_ + 1) % kSlots] = 0;
  }
  bytes_[static_cast<std::size_t>(newest_slot_) % kSlots] += static_cast<std::uint32_t>(bytes);
}

DataRate RateCounter::rate(Timestamp now) const {
  const std::int64_t slot = now.time_since_epoch() / kSlot;
  std::int64_t total = 0;
  for (std::int64_t age = 0; age < static_cast<std::int64_t>(kSlots); ++age) {
    const std::int64_t at = newest_slot_ - age;
    if (at < 0 || slot - at >= static_cast<std::int64_t>(kSlots)) continue;
    total += bytes_[static_cast<std::size_t>(at) % kSlots];
  }
  return DataSize::from_bytes(total) / (kSlot * kSlots);
}

}  // namespace sfu::media

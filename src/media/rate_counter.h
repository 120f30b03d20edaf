#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace sfu::media {

/// The bitrate over the last second or so, in tenths of it.
class RateCounter {
 public:
  void add(Timestamp now, std::size_t bytes) {
    if (const std::int64_t slot = now.time_since_epoch() / kSlot; slot > newest_slot_)
      advance_to(slot);
    bytes_[newest_] += static_cast<std::uint32_t>(bytes);
  }
  DataRate rate(Timestamp now) const;

 private:
  static constexpr TimeDelta kSlot = std::chrono::milliseconds(100);
  static constexpr std::size_t kSlots = 10;

  void advance_to(std::int64_t slot);

  std::int64_t newest_slot_ = 0;  // Its number, counted from the beginning of time.
  std::array<std::uint32_t, kSlots> bytes_{};
  std::uint32_t newest_ = 0;  // Its place in bytes_.
};

}  // namespace sfu::media

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace sfu::media {

/// The bitrate over the last second or so, in tenths of it.
class RateCounter {
 public:
  void add(Timestamp now, std::size_t bytes);
  DataRate rate(Timestamp now) const;

 private:
  static constexpr TimeDelta kSlot = std::chrono::milliseconds(100);
  static constexpr std::size_t kSlots = 10;

  std::array<std::uint32_t, kSlots> bytes_{};
  std::int64_t newest_slot_ = 0;
};

}  // namespace sfu::media

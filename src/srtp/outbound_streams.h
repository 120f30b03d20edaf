#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "srtp/replay_window.h"

namespace sfu::srtp {

/// What went out of each SSRC. None is ever forgotten, for it could return and repeat an index.
///
/// A table with open addressing: a viewer's packets come from all its publishers in turn, and
/// std::unordered_map took 4 to 10 ns more to find each.
class OutboundStreams {
 public:
  /// How far behind the newest a packet may still go out for the first time.
  static constexpr std::size_t kReorderWindow = 1024;

  struct Stream {
    std::uint64_t highest = 0;  // 48-bit index: rollover count and sequence number
    ReplayWindow<kReorderWindow> sent;
  };

  /// Null where `ssrc` is new.
  Stream* find(std::uint32_t ssrc) const {
    if (slots_.empty()) return nullptr;
    return slots_[place_of(ssrc)].stream.get();
  }
  /// A new SSRC and the index of its first packet. The stream stays where it is.
  Stream& add(std::uint32_t ssrc, std::uint64_t index);

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t ssrc = 0;
    std::unique_ptr<Stream> stream;  // Null where the slot is free.
  };

  /// The slot of `ssrc`, or the free one that would be its own.
  std::size_t place_of(std::uint32_t ssrc) const {
    const std::size_t last = slots_.size() - 1;
    std::size_t place = ssrc * kMultiplier >> 16 & last;
    while (slots_[place].stream && slots_[place].ssrc != ssrc) place = (place + 1) & last;
    return place;
  }

  static constexpr std::uint32_t kMultiplier = 0x9e37'79b1;  // Spreads SSRCs that are neighbours.

  std::vector<Slot> slots_;  // A power of two; a quarter of them or more are free.
  std::size_t size_ = 0;
};

}  // namespace sfu::srtp

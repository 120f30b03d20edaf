#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sfu::srtp {

/// Which of the newest `kSize` indices were seen (RFC 3711 §3.3.2): a ring of bits in which the
/// newest index and the kSize - 1 before it have a place. The owner keeps the newest index.
template <std::size_t kSize>
class ReplayWindow {
  static_assert(std::has_single_bit(kSize) && kSize >= 64);

 public:
  static constexpr std::size_t size() { return kSize; }

  /// `index` lies within the window: newest - kSize < index <= newest.
  bool contains(std::uint64_t index) const { return (word(index) & bit(index)) != 0; }
  void insert(std::uint64_t index) { words_[slot(index)] |= bit(index); }

  /// Makes room for the indices after `newest` up to `new_newest`.
  void advance(std::uint64_t newest, std::uint64_t new_newest) {
    const std::uint64_t steps = new_newest - newest;
    if (steps >= kSize) return words_.fill(0);
    for (std::uint64_t i = newest + 1; i <= new_newest; ++i) words_[slot(i)] &= ~bit(i);
  }

  /// Counts all of the window as seen: nothing at or below the newest is taken any more.
  void close() { words_.fill(~std::uint64_t{0}); }

 private:
  static std::size_t slot(std::uint64_t index) { return index / 64 % (kSize / 64); }
  static std::uint64_t bit(std::uint64_t index) { return std::uint64_t{1} << index % 64; }
  std::uint64_t word(std::uint64_t index) const { return words_[slot(index)]; }

  std::array<std::uint64_t, kSize / 64> words_{};
};

/// The 48-bit index that a 16-bit sequence number stands for: the one nearest to the highest index
/// so far (RFC 3711 §3.3.1 and Appendix A). What lies before the first rollover can only be meant
/// for it, so no estimate is below zero. Nothing beyond 2^48 - 1, where the key has ended.
constexpr std::optional<std::uint64_t> estimate_index(std::uint64_t highest,
                                                      std::uint16_t sequence_number) {
  constexpr std::uint64_t kCycle = 0x1'0000, kHalfCycle = 0x8000;
  const std::uint64_t base = highest & ~(kCycle - 1);
  std::uint64_t index = base | sequence_number;
  if (index + kHalfCycle < highest) {
    index += kCycle;
  } else if (index > highest + kHalfCycle && base != 0) {
    index -= kCycle;
  }
  if (index >> 48 != 0) return std::nullopt;
  return index;
}

}  // namespace sfu::srtp

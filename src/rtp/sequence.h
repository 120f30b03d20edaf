#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace sfu::rtp {

/// Serial number arithmetic (RFC 1982): whether `a` comes after `b` on the shorter way round. Of
/// two numbers half the circle apart the greater is the newer.
template <std::unsigned_integral Number>
constexpr bool newer_than(Number a, Number b) {
  constexpr Number kHalf = static_cast<Number>(std::numeric_limits<Number>::max() / 2 + 1);
  const Number ahead = static_cast<Number>(a - b);
  if (ahead == kHalf) return a > b;
  return ahead != 0 && ahead < kHalf;
}

/// The signed way from `from` to `to`.
template <std::unsigned_integral Number>
constexpr std::make_signed_t<Number> distance(Number from, Number to) {
  return static_cast<std::make_signed_t<Number>>(static_cast<Number>(to - from));
}

/// Gives wrapping numbers the 64-bit value nearest to the greatest one seen so far. The first
/// number stands for itself; what was sent before it may be negative.
template <std::unsigned_integral Number>
class SequenceUnwrapper {
 public:
  constexpr std::int64_t unwrap(Number number) {
    const std::int64_t unwrapped = peek(number);
    if (!newest_ || unwrapped > *newest_) newest_ = unwrapped;
    return unwrapped;
  }
  /// The same, but remembers nothing.
  constexpr std::int64_t peek(Number number) const {
    if (!newest_) return number;
    return *newest_ + distance(static_cast<Number>(*newest_), number);
  }
  constexpr std::optional<std::int64_t> newest() const { return newest_; }
  constexpr void reset() { newest_.reset(); }

 private:
  std::optional<std::int64_t> newest_;
};

using TimestampUnwrapper = SequenceUnwrapper<std::uint32_t>;

}  // namespace sfu::rtp

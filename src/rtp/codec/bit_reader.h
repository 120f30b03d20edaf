#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sfu::rtp::codec {

/// Reads bits, most significant first. Past the end it gives zeros and remembers that it ran out.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  bool flag() { return bits(1) != 0; }

  /// `count` is at most 32.
  std::uint32_t bits(unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 1 | next();
    return static_cast<std::uint32_t>(value);
  }

  /// ns(n) of the AV1 specification (§4.10.7): a value below `limit`, which is not 0.
  std::uint32_t non_symmetric(std::uint32_t limit) {
    const auto width = static_cast<unsigned>(std::bit_width(limit));
    const std::uint32_t short_codes = (1u << width) - limit;
    const std::uint32_t value = bits(width - 1);
    if (value < short_codes) return value;
    return (value << 1) - short_codes + bits(1);
  }

  /// ue(v) of ITU-T H.264 §9.1; codes beyond 32 bits count as running out.
  std::uint32_t exp_golomb() {
    unsigned zeros = 0;
    while (!ran_out_ && !flag()) {
      if (++zeros > 31) {
        ran_out_ = true;
        return 0;
      }
    }
    return static_cast<std::uint32_t>((std::uint64_t{1} << zeros) - 1 + bits(zeros));
  }
  /// se(v).
  std::int32_t signed_exp_golomb() {
    const std::int64_t code = exp_golomb();
    return static_cast<std::int32_t>(code % 2 == 0 ? -(code / 2) : code / 2 + 1);
  }

  bool ran_out() const { return ran_out_; }

 private:
  unsigned next() {
    if (at_ / 8 >= bytes_.size()) {
      ran_out_ = true;
      return 0;
    }
    const unsigned bit = bytes_[at_ / 8] >> (7 - at_ % 8) & 1u;
    ++at_;
    return bit;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  bool ran_out_ = false;
};

}  // namespace sfu::rtp::codec

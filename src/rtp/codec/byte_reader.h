#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sfu::rtp::codec {

/// Reads a payload from its front. Past the end it gives zeros and remembers that it ran out, so
/// that a parser asks once, at the end of what belongs together.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  std::uint8_t u8() {
    if (at_ >= bytes_.size()) {
      ran_out_ = true;
      return 0;
    }
    return bytes_[at_++];
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  void skip(std::size_t count) {
    if (count > bytes_.size() - at_) {
      ran_out_ = true;
      at_ = bytes_.size();
    } else {
      at_ += count;
    }
  }

  bool ran_out() const { return ran_out_; }
  std::size_t position() const { return at_; }
  Bytes rest() const { return bytes_.subspan(at_); }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  bool ran_out_ = false;
};

}  // namespace sfu::rtp::codec

#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/bytes.h"

namespace sfu::fuzz {

/// A property that must hold whatever the input.
inline void require(bool property) {
  if (!property) std::abort();
}

/// Reads a list of operations from the fuzzer's bytes; zeros when they are used up.
class Script {
 public:
  explicit Script(Bytes bytes) : bytes_(bytes) {}
  Script(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  bool done() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (done()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint16_t word() {
    const std::uint16_t high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  bool flag() { return byte() % 2 != 0; }
  /// At most so many, fewer where the input ends.
  Bytes take(std::size_t size) {
    const Bytes taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  /// As many as the next byte says.
  Bytes sized() { return take(byte()); }
  std::string text(std::size_t size) {
    const Bytes taken = take(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string sized_text() { return text(byte()); }

 private:
  Bytes bytes_;
};

}  // namespace sfu::fuzz

#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sfu {

/// Where protocol code gets its randomness: passed into constructors, so that a seeded source makes
/// a run repeat. crypto/random.h has the system's and a seeded one.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutableBytes out) = 0;

  std::uint32_t next_u32() {
    std::uint8_t bytes[4];
    fill(bytes);
    return load_be32(bytes, 0);
  }
  std::uint64_t next_u64() {
    std::uint8_t bytes[8];
    fill(bytes);
    return load_be64(bytes, 0);
  }
};

}  // namespace sfu

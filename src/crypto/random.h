#pragma once

#include <cstdint>

#include "base/random.h"

namespace sfu::crypto {

/// The operating system's generator, through OpenSSL. Thread-safe.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override;
};

/// The same bytes for the same seed (SplitMix64): for tests and the simulator, never for keys.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override;

 private:
  std::uint64_t state_;
};

}  // namespace sfu::crypto

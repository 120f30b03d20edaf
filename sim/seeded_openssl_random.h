#pragma once

#include <cstdint>

namespace sfu::sim {

/// While it lives, all of OpenSSL's randomness in this process comes from the seed, so that
/// handshakes repeat to the byte: for tests and the simulator on one thread, never for a server.
/// At most one at a time.
class SeededOpensslRandom {
 public:
  explicit SeededOpensslRandom(std::uint64_t seed);
  ~SeededOpensslRandom();
  SeededOpensslRandom(const SeededOpensslRandom&) = delete;
  SeededOpensslRandom& operator=(const SeededOpensslRandom&) = delete;
};

}  // namespace sfu::sim

#include "crypto/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace sfu::crypto {

void SystemRandom::fill(MutableBytes out) {
  SFU_CHECK(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

void SeededRandom::fill(MutableBytes out) {
  std::size_t at = 0;
  while (at < out.size()) {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    for (int i = 0; i < 8 && at < out.size(); ++i, z >>= 8)
      out[at++] = static_cast<std::uint8_t>(z);
  }
}

}  // namespace sfu::crypto

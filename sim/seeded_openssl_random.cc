// OpenSSL 3.0 has no other way to replace the source of all its randomness at run time.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sim/seeded_openssl_random.h"

#include <openssl/rand.h>

#include <optional>

#include "base/check.h"
#include "crypto/random.h"

namespace sfu::sim {
namespace {

/// RAND_METHOD's functions get no context, so what they draw from has to be found by name.
std::optional<crypto::SeededRandom>& source() {
  static std::optional<crypto::SeededRandom> seeded;
  return seeded;
}

int fill(unsigned char* out, int size) {
  source()->fill({out, static_cast<std::size_t>(size)});
  return 1;
}
int add(const void*, int, double) { return 1; }
int seed_with(const void*, int) { return 1; }
int status() { return 1; }

constexpr RAND_METHOD kSeededMethod = {.seed = seed_with,
                                       .bytes = fill,
                                       .cleanup = nullptr,
                                       .add = add,
                                       .pseudorand = fill,
                                       .status = status};

}  // namespace

SeededOpensslRandom::SeededOpensslRandom(std::uint64_t seed) {
  SFU_CHECK(!source().has_value());
  source().emplace(seed);
  SFU_CHECK(RAND_set_rand_method(&kSeededMethod) == 1);
}

SeededOpensslRandom::~SeededOpensslRandom() {
  RAND_set_rand_method(nullptr);
  source().reset();
}

}  // namespace sfu::sim

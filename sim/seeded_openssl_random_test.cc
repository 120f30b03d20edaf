#include "sim/seeded_openssl_random.h"

#include <gtest/gtest.h>

#include "dtls/lossy_link_for_test.h"

namespace sfu::sim {
namespace {

using namespace std::chrono_literals;

TEST(SeededOpensslRandom, RepeatsALossyHandshakeToTheByteForTheSameSeed) {
  dtls::certificate_for_test(dtls::Role::Client);  // Both ends' are made now, from no seed.
  const auto run = [](std::uint64_t seed) {
    const SeededOpensslRandom random(seed);
    dtls::LossyLink link({.seed = 7});
    link.exchange_fingerprints();
    link.loss = 0.2;
    link.run_for(10s);
    return link.transcript;
  };
  const auto first = run(1);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, run(1));
  EXPECT_NE(first, run(2));
}

}  // namespace
}  // namespace sfu::sim

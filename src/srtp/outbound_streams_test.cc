#include "srtp/outbound_streams.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace sfu::srtp {
namespace {

TEST(OutboundStreams, FindsEachStreamWhereItWasHoweverManyComeAfterIt) {
  std::mt19937 random(7);
  OutboundStreams streams;
  std::unordered_map<std::uint32_t, OutboundStreams::Stream*> added;
  // Neighbours, those that differ in their upper half alone, and any.
  for (std::uint32_t i = 0; i < 1000; ++i) {
    for (const std::uint32_t ssrc : {i, i << 16, static_cast<std::uint32_t>(random())}) {
      if (added.contains(ssrc)) continue;
      EXPECT_EQ(streams.find(ssrc), nullptr);
      added[ssrc] = &streams.add(ssrc, i);
    }
  }
  EXPECT_EQ(streams.size(), added.size());
  for (const auto& [ssrc, stream] : added) EXPECT_EQ(streams.find(ssrc), stream);
}

TEST(OutboundStreams, KnowsNothingAtFirst) {
  const OutboundStreams streams;
  EXPECT_EQ(streams.find(0), nullptr);
  EXPECT_EQ(streams.size(), 0u);
}

}  // namespace
}  // namespace sfu::srtp

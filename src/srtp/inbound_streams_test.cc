#include "srtp/inbound_streams.h"

#include <gtest/gtest.h>

namespace sfu::srtp {
namespace {

using Verdict = InboundStreams::Verdict;

Verdict take(InboundStreams& streams, std::uint32_t ssrc, std::uint64_t index) {
  const auto found = streams.find(ssrc);
  const Verdict verdict = streams.judge(found, index);
  if (verdict == Verdict::Fresh) streams.note_authentic(found, index);
  return verdict;
}

TEST(InboundStreams, CountsAStreamOnceHoweverOftenItRestsAndReturns) {
  constexpr std::uint32_t kStreams = 3 * InboundStreams::kMaxActiveStreams;
  InboundStreams streams;
  for (std::uint64_t index = 0; index < 20; ++index)
    for (std::uint32_t ssrc = 0; ssrc < kStreams; ++ssrc)
      ASSERT_EQ(take(streams, ssrc, index), Verdict::Fresh);
  EXPECT_EQ(streams.known_streams(), kStreams);
}

TEST(InboundStreams, LetsTheOneUsedLongestAgoRest) {
  InboundStreams streams;
  for (std::uint32_t ssrc = 0; ssrc < InboundStreams::kMaxActiveStreams; ++ssrc)
    take(streams, ssrc, 10);
  take(streams, 0, 11);
  take(streams, 1000, 1);
  EXPECT_EQ(take(streams, 0, 9), Verdict::Fresh) << "still active: its window is known";
  EXPECT_EQ(take(streams, 1, 9), Verdict::TooOld) << "at rest: only what is newer is taken";
  EXPECT_EQ(take(streams, 1, 11), Verdict::Fresh);
}

TEST(InboundStreams, HasNoRoomForANewSsrcAtItsBoundButForEveryKnownOne) {
  InboundStreams streams;
  for (std::uint32_t ssrc = 0; ssrc < InboundStreams::kMaxKnownStreams; ++ssrc)
    ASSERT_EQ(take(streams, ssrc, 1), Verdict::Fresh);
  EXPECT_EQ(take(streams, 0xffff'ffff, 1), Verdict::NoRoom);
  for (std::uint32_t ssrc = 0; ssrc < InboundStreams::kMaxKnownStreams; ++ssrc)
    ASSERT_EQ(take(streams, ssrc, 2), Verdict::Fresh);
}

}  // namespace
}  // namespace sfu::srtp

#include "transport/frame_hold.h"

#include <gtest/gtest.h>

namespace sfu::transport {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{1000s};
constexpr Timestamp kAtOnce = Timestamp::min();
constexpr std::size_t kMany = FrameHold::kManyReceivers;
constexpr Ssrc kOne{1};
constexpr Ssrc kOther{2};

TEST(FrameHold, WaitsForNothingWhereNoVideoCame) { EXPECT_EQ(FrameHold().due(kMany), kAtOnce); }

TEST(FrameHold, WaitsForTheNextPacketOfAFrameUntilItIsWhole) {
  FrameHold hold;
  hold.note_packet(kStart, kOne, false);
  EXPECT_EQ(hold.due(kMany), kStart + FrameHold::kMaxGap);
  hold.note_packet(kStart + 30us, kOne, false);
  EXPECT_EQ(hold.due(kMany), kStart + 30us + FrameHold::kMaxGap);
  hold.note_packet(kStart + 60us, kOne, true);
  EXPECT_EQ(hold.due(kMany), kAtOnce);
}

TEST(FrameHold, WaitsForAllFramesThatAreOnTheirWay) {
  FrameHold hold;
  hold.note_packet(kStart, kOne, false);
  hold.note_packet(kStart, kOther, false);
  hold.note_packet(kStart, kOne, true);
  EXPECT_EQ(hold.due(kMany), kStart + FrameHold::kMaxGap);
  hold.note_packet(kStart, kOther, true);
  EXPECT_EQ(hold.due(kMany), kAtOnce);
}

TEST(FrameHold, KeepsNothingLongerThanItsBoundHoweverManyFramesFollowOneAnother) {
  FrameHold hold;
  Timestamp now = kStart;
  for (std::uint32_t i = 0; i < 100; ++i, now += 20us) {
    hold.note_packet(now, Ssrc{i + 1}, false);
    hold.note_packet(now, Ssrc{i}, true);
    EXPECT_LE(hold.due(kMany), kStart + FrameHold::kMaxHold);
  }
}

TEST(FrameHold, CountsItsBoundFromTheFirstPacketAfterAFlush) {
  FrameHold hold;
  hold.note_packet(kStart, kOne, false);
  hold.handle_flush(kStart + 50us);
  for (TimeDelta later = 60us; later < 400us; later += 20us)
    hold.note_packet(kStart + later, kOne, false);
  hold.note_packet(kStart + 440us, kOne, false);
  EXPECT_EQ(hold.due(kMany), kStart + 60us + FrameHold::kMaxHold);
}

TEST(FrameHold, ForgetsAFrameWhoseEndWasLost) {
  FrameHold hold;
  hold.note_packet(kStart, kOne, false);
  hold.handle_flush(kStart + FrameHold::kMaxGap);
  EXPECT_EQ(hold.due(kMany), kAtOnce);
}

TEST(FrameHold, WaitsForNoMoreFramesThanItsBound) {
  FrameHold hold;
  for (std::uint32_t i = 0; i < 2 * FrameHold::kMaxFrames; ++i)
    hold.note_packet(kStart, Ssrc{i}, false);
  for (std::uint32_t i = 0; i < FrameHold::kMaxFrames; ++i) {
    EXPECT_NE(hold.due(kMany), kAtOnce);
    hold.note_packet(kStart, Ssrc{i}, true);
  }
  EXPECT_EQ(hold.due(kMany), kAtOnce);
}

TEST(FrameHold, LetsNothingWaitThatGoesToFew) {
  FrameHold hold;
  hold.note_packet(kStart, kOne, false);
  EXPECT_EQ(hold.due(kMany - 1), kAtOnce);
  EXPECT_EQ(hold.due(kMany), kStart + FrameHold::kMaxGap);
}

}  // namespace
}  // namespace sfu::transport

#include "transport/frame_hold.h"

#include <gtest/gtest.h>

#include <vector>

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

/// One frame of two packets every `interval`, for half a second; answers what was due between them.
std::vector<Timestamp> due_within_frames(FrameHold& hold, TimeDelta interval) {
  std::vector<Timestamp> due;
  for (Timestamp now = kStart; now < kStart + 500ms; now += interval) {
    hold.note_packet(now, kOne, false);
    due.push_back(hold.due(1));
    hold.note_packet(now, kOne, true);
    hold.handle_flush(now);
  }
  return due;
}

TEST(FrameHold, LetsWhatGoesToFewWaitTooWhereManyFramesCome) {
  constexpr TimeDelta kBusiest = FrameHold::kBusyWindow / FrameHold::kBusyFrames;
  FrameHold busy;
  const auto due = due_within_frames(busy, kBusiest);
  EXPECT_EQ(due.front(), kAtOnce);
  EXPECT_GT(due.back(), kStart);
  FrameHold calm;
  for (const Timestamp at : due_within_frames(calm, 2 * kBusiest)) EXPECT_EQ(at, kAtOnce);
}

TEST(FrameHold, IsNoLongerBusyAfterASilence) {
  FrameHold hold;
  due_within_frames(hold, FrameHold::kBusyWindow / FrameHold::kBusyFrames);
  hold.note_packet(kStart + 5s, kOne, true);
  hold.note_packet(kStart + 5s, kOne, false);
  EXPECT_EQ(hold.due(1), kAtOnce);
}

}  // namespace
}  // namespace sfu::transport

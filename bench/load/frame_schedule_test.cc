#include "load/frame_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace sfu::load {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{1s};

struct Sent {
  Timestamp at;
  FrameSchedule::Slot slot;
};

/// What leaves in `span`, each packet at the moment it is due.
std::vector<Sent> run(FrameSchedule& schedule, TimeDelta span) {
  std::vector<Sent> sent;
  const Timestamp end = schedule.next() + span;
  while (schedule.next() < end) {
    const Timestamp now = schedule.next();
    while (const auto slot = schedule.take(now)) sent.push_back({now, *slot});
  }
  return sent;
}

TEST(FrameSchedule, SendsThirtyFramesOfSixPacketsEachSecondAfterAKeyFrameOfThirtySix) {
  FrameSchedule schedule({}, kStart, 1);
  const auto sent = run(schedule, 10s);
  ASSERT_EQ(sent.size(), 300u * 6 + 30);
  EXPECT_TRUE(sent[35].slot.is_key_frame);
  EXPECT_FALSE(sent[36].slot.is_key_frame);
  EXPECT_EQ(sent.back().slot.frame, 299u);
}

TEST(FrameSchedule, SendsTheFramesOfABurstAtOneInstant) {
  FrameSchedule schedule({}, kStart, 1);
  std::set<Timestamp> instants;
  for (const Sent& one : run(schedule, 1s)) instants.insert(one.at);
  EXPECT_EQ(instants.size(), 30u);
}

TEST(FrameSchedule, KeepsItsGridHoweverLateItIsAsked) {
  FrameSchedule schedule({}, kStart, 1);
  while (schedule.take(kStart + 20ms)) {
  }
  EXPECT_EQ(schedule.next(), kStart + 33'333us);
}

TEST(FrameSchedule, SendsAKeyFrameEveryThirtySeconds) {
  FrameSchedule schedule({}, kStart, 1);
  int key_frames = 0;
  for (const Sent& one : run(schedule, 61s))
    key_frames += one.slot.is_key_frame && one.slot.part == 0;
  EXPECT_EQ(key_frames, 3);
}

TEST(FrameSchedule, AnswersARequestAtOnceWithoutMovingTheFramesAfterIt) {
  FrameSchedule schedule({}, kStart, 1);
  run(schedule, 100ms);
  const Timestamp planned = schedule.next();
  schedule.request_key_frame(planned - 10ms);
  EXPECT_EQ(schedule.next(), planned - 10ms);
  int packets = 0;
  while (const auto slot = schedule.take(planned - 10ms)) {
    EXPECT_TRUE(slot->is_key_frame);
    ++packets;
  }
  EXPECT_EQ(packets, 36);
  EXPECT_EQ(schedule.next(), planned);
  EXPECT_FALSE(schedule.take(planned)->is_key_frame);
}

TEST(FrameSchedule, AnswersARequestWithTheNextFrameWhereAnEncoderWould) {
  FrameSchedule schedule({.answers_at_once = false}, kStart, 1);
  run(schedule, 100ms);
  const Timestamp planned = schedule.next();
  schedule.request_key_frame(planned - 10ms);
  EXPECT_EQ(schedule.next(), planned);
  EXPECT_TRUE(schedule.take(planned)->is_key_frame);
}

TEST(FrameSchedule, SpacesPacketsEvenlyWhereAskedTo) {
  FrameSchedule schedule({.frame_interval = 25ms,
                          .packets_in_frame = 10,
                          .packets_in_key_frame = 10,
                          .evenly_spaced = true},
                         kStart, 1);
  const auto sent = run(schedule, 2s);
  ASSERT_EQ(sent.size(), 800u);
  for (std::size_t i = 1; i < sent.size(); ++i) EXPECT_EQ(sent[i].at - sent[i - 1].at, 2500us) << i;
}

TEST(FrameSchedule, MakesTheFirstPacketsOfAFrameSmallerByAByteAndNeverTheLast) {
  FrameSchedule schedule({}, kStart, 1);
  bool some_smaller = false;
  int previous = 0;
  for (const Sent& one : run(schedule, 5s)) {
    if (one.slot.part != 0) {
      EXPECT_GE(one.slot.size, previous);
    }
    if (one.slot.part + 1 == one.slot.parts) {
      EXPECT_EQ(one.slot.size, 1200);
    }
    EXPECT_GE(one.slot.size, 1199);
    some_smaller |= one.slot.size == 1199;
    previous = one.slot.size;
  }
  EXPECT_TRUE(some_smaller);
}

TEST(FrameSchedule, SpeedsUpFromTheNextFrameOn) {
  FrameSchedule schedule({}, kStart, 1);
  run(schedule, 1s);
  schedule.set_speed(schedule.next(), 3);
  EXPECT_EQ(run(schedule, 1s).size(), 90u * 6);
}

TEST(FrameSchedule, SendsFiftyAudioPacketsEachSecondOfSizesAroundTheOneAskedFor) {
  FrameSchedule schedule({.is_audio = true,
                          .frame_interval = 20ms,
                          .packet_size = 120,
                          .size_spread = 10,
                          .packets_in_frame = 1},
                         kStart, 1);
  const auto sent = run(schedule, 10s);
  EXPECT_EQ(sent.size(), 500u);
  const auto [least, most] =
      std::ranges::minmax(sent, {}, [](const Sent& one) { return one.slot.size; });
  EXPECT_EQ(least.slot.size, 110);
  EXPECT_EQ(most.slot.size, 130);
}

TEST(FrameSchedule, FallsSilentAndMarksWhereTalkBeginsAgain) {
  FrameSchedule schedule(
      {.is_audio = true, .frame_interval = 20ms, .packets_in_frame = 1, .has_silence = true},
      kStart, 1);
  const auto sent = run(schedule, 60s);
  EXPECT_LT(sent.size(), 2700u);
  EXPECT_GT(sent.size(), 500u);
  int talks = 0;
  for (const Sent& one : sent) talks += one.slot.starts_talk;
  EXPECT_GT(talks, 5);
}

}  // namespace
}  // namespace sfu::load

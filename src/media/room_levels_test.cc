#include "media/room_levels.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;
using test::TestRandom;

constexpr std::int64_t kStepMs = 320;

ProducerId id(std::uint8_t n) {
  ProducerId id;
  id.uuid.bytes[0] = n;
  return id;
}
const ProducerId kAnn = id(1), kBob = id(2);

/// One room on one worker, and what it is told.
class RoomLevelsTest : public testing::Test {
 protected:
  RoomLevels::News report(std::vector<AudioLevel> levels, std::size_t worker = 0) {
    now_ += kStepMs;
    const auto news = room_.handle_report(at_ms(now_), worker, std::move(levels));
    if (news.speaker) ++changes_;
    return news;
  }
  void report_for(std::int64_t ms, const std::vector<AudioLevel>& levels) {
    for (std::int64_t passed = 0; passed < ms; passed += kStepMs) report(levels);
  }

  RoomLevels room_;
  std::int64_t now_ = 0;
  int changes_ = 0;
};

TEST_F(RoomLevelsTest, WhoBeginsSpeaksAtOnce) {
  EXPECT_FALSE(room_.speaker());
  const auto news = report({{kAnn, -30}});
  EXPECT_TRUE(news.levels);
  EXPECT_TRUE(news.speaker);
  EXPECT_EQ(room_.speaker(), kAnn);
}

TEST_F(RoomLevelsTest, NobodySpeaksTwoSecondsAfterTheLastWordAndSomebodyStillBefore) {
  report_for(2000, {{kAnn, -30}});
  const std::int64_t last_word = now_;
  while (now_ + kStepMs < last_word + 2000) {
    report({});
    EXPECT_EQ(room_.speaker(), kAnn) << now_ - last_word;
  }
  EXPECT_TRUE(report({}).speaker);
  EXPECT_FALSE(room_.speaker());
  EXPECT_EQ(changes_, 2);
}

TEST_F(RoomLevelsTest, ACoughOfAnotherMovesNobody) {
  report_for(3000, {{kAnn, -30}});
  report({{kAnn, -30}, {kBob, -5}});
  report_for(1000, {{kAnn, -30}});
  report({{kBob, -5}});
  report_for(1000, {{kAnn, -30}});
  EXPECT_EQ(room_.speaker(), kAnn);
  EXPECT_EQ(changes_, 1);
}

TEST_F(RoomLevelsTest, WhoAnswersIsTheSpeakerWithinTwoSeconds) {
  report_for(5000, {{kAnn, -30}});
  report_for(2000, {{kBob, -30}});
  EXPECT_EQ(room_.speaker(), kBob);
  EXPECT_EQ(changes_, 2);
}

TEST_F(RoomLevelsTest, WhoInterruptsLoudlyIsTheSpeakerWithinTwoSeconds) {
  report_for(5000, {{kAnn, -45}});
  report_for(2000, {{kAnn, -45}, {kBob, -15}});
  EXPECT_EQ(room_.speaker(), kBob);
}

TEST_F(RoomLevelsTest, TwoWhoSpeakAtOnceDoNotTakeTurns) {
  TestRandom random(5);
  report({{kAnn, -30}});
  for (int i = 0; i < 200; ++i) {
    const int ann = -35 + static_cast<int>(random.below(10));
    const int bob = -35 + static_cast<int>(random.below(10));
    report({{kAnn, ann}, {kBob, bob}});
  }
  EXPECT_EQ(changes_, 1);
}

TEST_F(RoomLevelsTest, PausesBetweenWordsDoNotChangeTheSpeaker) {
  for (int i = 0; i < 20; ++i) {
    report_for(1000, {{kAnn, -30}});
    report_for(1000, {});
  }
  EXPECT_EQ(room_.speaker(), kAnn);
  EXPECT_EQ(changes_, 1);
}

TEST_F(RoomLevelsTest, NoiseIsHeardButIsNoSpeech) {
  const auto news = report({{kAnn, SpeakerElection::kSpeech}});
  EXPECT_TRUE(news.levels);
  EXPECT_FALSE(news.speaker);
  EXPECT_EQ(room_.levels().size(), 1u);
  EXPECT_TRUE(report({{kAnn, SpeakerElection::kSpeech + 1}}).speaker);
}

TEST_F(RoomLevelsTest, WhoIsGoneNoLongerSpeaksAndTheNextOneDoesAtOnce) {
  report_for(5000, {{kAnn, -20}});
  room_.forget_unless([](ProducerId producer) { return producer != kAnn; });
  const auto news = report({{kBob, -50}});
  EXPECT_TRUE(news.speaker);
  EXPECT_EQ(room_.speaker(), kBob);
  room_.forget_unless([](ProducerId) { return false; });
  EXPECT_TRUE(report({}).speaker);
  EXPECT_FALSE(room_.speaker());
}

TEST_F(RoomLevelsTest, SilenceIsToldOnce) {
  EXPECT_FALSE(report({}).levels);
  EXPECT_TRUE(report({{kAnn, -70}}).levels);
  EXPECT_TRUE(report({}).levels);
  EXPECT_TRUE(room_.levels().empty());
  EXPECT_FALSE(report({}).levels);
}

TEST_F(RoomLevelsTest, IsToldNoMoreOftenThanTheIntervalHoweverManyWorkersReport) {
  int told = 0;
  Timestamp last = at_ms(-1000);
  for (std::int64_t ms = 0; ms < 10'000; ms += 40) {
    const auto news = room_.handle_report(at_ms(ms), static_cast<std::size_t>(ms / 40 % 8),
                                          {{id(static_cast<std::uint8_t>(ms / 40 % 8)), -30}});
    if (!news.levels) continue;
    EXPECT_GE(at_ms(ms) - last, RoomLevels::kInterval);
    last = at_ms(ms);
    ++told;
  }
  EXPECT_GE(told, 25);
}

TEST_F(RoomLevelsTest, WhatSeveralWorkersHearIsOneList) {
  room_.handle_report(at_ms(0), 0, {{kAnn, -40}});
  EXPECT_FALSE(room_.handle_report(at_ms(100), 1, {{kBob, -20}}).levels) << "too soon";
  EXPECT_TRUE(room_.handle_report(at_ms(320), 0, {{kAnn, -40}}).levels);
  ASSERT_EQ(room_.levels().size(), 2u);
  EXPECT_EQ(room_.levels()[0].producer, kBob);
  EXPECT_EQ(room_.levels()[1].producer, kAnn);
}

TEST_F(RoomLevelsTest, AWorkerThatHasFallenSilentIsForgotten) {
  room_.handle_report(at_ms(0), 1, {{kBob, -20}});
  room_.handle_report(at_ms(1000), 0, {{kAnn, -40}});
  EXPECT_EQ(room_.levels().size(), 2u);
  room_.handle_report(at_ms(1320), 0, {{kAnn, -40}});
  EXPECT_EQ(room_.levels().size(), 1u);
}

TEST_F(RoomLevelsTest, TellsOfTheLoudestUpToTheBound) {
  for (std::size_t worker = 0; worker < 3; ++worker) {
    std::vector<AudioLevel> levels;
    for (std::size_t i = 0; i < AudioMeters::kMaxLevels; ++i)
      levels.push_back(
          {id(static_cast<std::uint8_t>(worker * 64 + i)), -static_cast<int>(10 * worker + i)});
    now_ += 320;
    room_.handle_report(at_ms(now_), worker, levels);
  }
  ASSERT_EQ(room_.levels().size(), AudioMeters::kMaxLevels);
  EXPECT_EQ(room_.levels().front().volume, 0);
  EXPECT_GE(room_.levels().back().volume, -20);
}

}  // namespace
}  // namespace sfu::media

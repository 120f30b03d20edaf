#include "media/audio_meter.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;

class AudioMeterTest : public testing::Test {
 protected:
  static ProducerId id(std::uint8_t n) {
    ProducerId id;
    id.uuid.bytes[0] = n;
    return id;
  }
  static RouterId router() {
    RouterId id;
    id.uuid.bytes[0] = 77;
    return id;
  }
  std::size_t wakes() {
    std::size_t count = 0;
    while (const auto event = events_.poll())
      if (const auto* audible = std::get_if<RoomAudible>(&*event)) {
        EXPECT_EQ(audible->router, router());
        ++count;
      }
    return count;
  }
  std::vector<AudioLevel> look() {
    std::vector<AudioLevel> levels;
    goes_on_ = meters_.take_levels(levels);
    return levels;
  }

  EventQueue events_;
  AudioMeters meters_{router(), events_};
  bool goes_on_ = false;
};

TEST_F(AudioMeterTest, TellsTheMeanPowerSinceTheLastLook) {
  AudioMeter meter(id(1), meters_);
  for (int i = 0; i < 15; ++i) meter.handle_level(at_ms(20 * i), 30);
  auto levels = look();
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_EQ(levels[0].producer, id(1));
  EXPECT_EQ(levels[0].volume, -30);
  // A short loud word in a silent window: a tenth of its power is 10 dB less.
  for (int i = 0; i < 10; ++i) meter.handle_level(at_ms(300 + 20 * i), i == 0 ? 20 : 127);
  levels = look();
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_EQ(levels[0].volume, -30);
}

TEST_F(AudioMeterTest, TheLoudestThereIsIsZeroAndNothingIsAboveIt) {
  AudioMeter meter(id(1), meters_);
  for (int i = 0; i < 1000; ++i) meter.handle_level(at_ms(i), 0);
  EXPECT_EQ(look().at(0).volume, 0);
}

TEST_F(AudioMeterTest, WhatIsNotAudibleIsNotTold) {
  AudioMeter meter(id(1), meters_);
  meter.handle_level(at_ms(0), 80);
  EXPECT_TRUE(look().empty());
  meter.handle_level(at_ms(0), 79);
  EXPECT_EQ(look().size(), 1u);
}

TEST_F(AudioMeterTest, ASilentRoomAsksForNoLook) {
  AudioMeter meter(id(1), meters_);
  for (int i = 0; i < 1000; ++i) meter.handle_level(at_ms(20 * i), i % 2 == 0 ? 127 : 80);
  EXPECT_EQ(wakes(), 0u);
}

TEST_F(AudioMeterTest, OneSoundWakesTheRoomOnceUntilItIsQuietAgain) {
  AudioMeter meter(id(1), meters_), other(id(2), meters_);
  meter.handle_level(at_ms(0), 40);
  other.handle_level(at_ms(0), 40);
  meter.handle_level(at_ms(20), 40);
  EXPECT_EQ(wakes(), 1u);
  EXPECT_EQ(look().size(), 2u);
  for (int i = 1; i < AudioMeters::kQuietLooks; ++i) {
    EXPECT_TRUE(goes_on_);
    look();
  }
  EXPECT_TRUE(goes_on_);
  look();
  EXPECT_FALSE(goes_on_);
  other.handle_level(at_ms(5000), 40);
  EXPECT_EQ(wakes(), 1u);
}

TEST_F(AudioMeterTest, ASoundBetweenQuietLooksKeepsTheRoomAwake) {
  AudioMeter meter(id(1), meters_);
  meter.handle_level(at_ms(0), 40);
  look();
  for (int i = 1; i < AudioMeters::kQuietLooks; ++i) look();
  meter.handle_level(at_ms(3000), 40);
  look();
  look();
  EXPECT_TRUE(goes_on_);
  EXPECT_EQ(wakes(), 1u);
}

TEST_F(AudioMeterTest, TheLoudestAreToldAndNoMoreThanTheBound) {
  std::vector<std::unique_ptr<AudioMeter>> all;
  for (std::size_t i = 0; i < AudioMeters::kMaxLevels + 10; ++i) {
    all.push_back(std::make_unique<AudioMeter>(id(static_cast<std::uint8_t>(i)), meters_));
    all.back()->handle_level(at_ms(0), static_cast<std::uint8_t>(60 - i));
  }
  const auto levels = look();
  ASSERT_EQ(levels.size(), AudioMeters::kMaxLevels);
  EXPECT_EQ(levels.front().producer, id(AudioMeters::kMaxLevels + 9));
  for (std::size_t i = 1; i < levels.size(); ++i) EXPECT_GT(levels[i - 1].volume, levels[i].volume);
}

TEST_F(AudioMeterTest, OneThatIsGoneIsNotHeardAndTheOthersAre) {
  auto first = std::make_unique<AudioMeter>(id(1), meters_);
  auto second = std::make_unique<AudioMeter>(id(2), meters_);
  auto third = std::make_unique<AudioMeter>(id(3), meters_);
  for (AudioMeter* meter : {first.get(), second.get(), third.get()})
    meter->handle_level(at_ms(0), 40);
  first.reset();
  EXPECT_EQ(meters_.size(), 2u);
  EXPECT_EQ(look().size(), 2u);
  third.reset();
  second->handle_level(at_ms(0), 40);
  const auto levels = look();
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_EQ(levels[0].producer, id(2));
}

/// One packet of audio that says how loud it is.
test::PacketSpec audio(std::uint16_t n, const std::vector<std::uint8_t>& level) {
  return {.payload_type = test::kOpus,
          .sequence = n,
          .extensions = {{test::kLevelId, level}},
          .payload = {1, 2, 3}};
}

TEST(ProducerOfAudio, IsHeardWhileItIsNotPaused) {
  test::Room room({.kind = ortc::MediaKind::Audio});
  const std::vector<std::uint8_t> loud = {0x80 | 25};
  const auto levels = [&] {
    std::vector<AudioLevel> taken;
    room.router.audio().take_levels(taken);
    return taken;
  };
  room.feed(at_ms(0), audio(1, loud));
  ASSERT_EQ(levels().size(), 1u);
  room.feed(at_ms(20), audio(2, loud));
  room.producer->set_paused(at_ms(30), true);
  room.feed(at_ms(40), audio(3, loud));
  EXPECT_TRUE(levels().empty());
  room.producer->set_paused(at_ms(50), false);
  room.feed(at_ms(60), audio(4, loud));
  ASSERT_EQ(levels().size(), 1u);
  room.producer.reset();
  EXPECT_EQ(room.router.audio().size(), 0u);
}

TEST(ProducerOfAudio, WithoutTheExtensionOrWithABrokenOneHasNoLevel) {
  test::Room room({.kind = ortc::MediaKind::Audio});
  test::PacketSpec plain = audio(1, {});
  plain.extensions.clear();
  room.feed(at_ms(0), plain);
  room.feed(at_ms(20), audio(2, {1, 2}));
  std::vector<AudioLevel> taken;
  room.router.audio().take_levels(taken);
  EXPECT_TRUE(taken.empty());
  EXPECT_TRUE(room.take_events().empty());
}

TEST(ProducerOfVideo, HasNoMeter) {
  test::Room room;
  EXPECT_EQ(room.router.audio().size(), 0u);
}

}  // namespace
}  // namespace sfu::media

#include <map>

#include "media/room_levels.h"
#include "tests/scenario/scenario.h"

// Who is heard, and who speaks.

namespace sfu::sim {
namespace {

inline constexpr Publishing kVoice{.audio = true, .video = false};

/// Hands what workers hear to a RoomLevels, as the service does.
class Ear {
 public:
  explicit Ear(RouterId room) : room_(room) {}

  /// Runs for so long in steps of a tenth of a second.
  void listen(Conference& conference, TimeDelta span) {
    for (TimeDelta passed{}; passed < span; passed += 100ms) {
      conference.run_for(100ms);
      const auto& events = conference.events();
      for (; seen_ < events.size(); ++seen_) {
        const auto* heard = std::get_if<core::AudioLevels>(&events[seen_]);
        if (!heard || heard->router != room_) continue;
        ++reports;
        const auto news = levels.handle_report(conference.now(), 0, heard->levels);
        if (news.speaker) speakers.push_back(levels.speaker());
      }
    }
  }

  media::RoomLevels levels;
  std::vector<std::optional<ProducerId>> speakers;
  std::size_t reports = 0;

 private:
  const RouterId room_;
  std::size_t seen_ = 0;
};

ProducerId voice_of(const Member& member) {
  return Conference::published(member, MediaKind::Audio).id;
}

TEST(AudioLevels, OfASilentRoomAskForNothing) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  for (int i = 0; i < 3; ++i)
    Conference::audio_sender(conference.join(room, kVoice)).set_audio_level(127);
  conference.join(room, kVoice);  // Says nothing of its level.
  Ear ear(room);
  ear.listen(conference, 10s);
  EXPECT_EQ(ear.reports, 0u);
}

TEST(AudioLevels, OfWhoIsHeardComeThreeTimesASecondAndEndSoonAfterTheLastSound) {
  Conference conference(1);
  conference.network().default_link = {.delay = 20ms, .jitter = 10ms};
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVoice);
  Member& bob = conference.join(room, kVoice);
  Conference::audio_sender(alice).set_audio_level(30);
  Conference::audio_sender(bob).set_audio_level(127);
  Ear ear(room);
  ear.listen(conference, 10s);
  EXPECT_GE(ear.reports, 28u);
  EXPECT_LE(ear.reports, 10s / core::kAudioInterval);
  ASSERT_EQ(ear.levels.levels().size(), 1u);
  EXPECT_EQ(ear.levels.levels()[0].producer, voice_of(alice));
  EXPECT_EQ(ear.levels.levels()[0].volume, -30);
  EXPECT_EQ(ear.speakers, (std::vector<std::optional<ProducerId>>{voice_of(alice)}));
  Conference::audio_sender(alice).set_audio_level(127);
  ear.listen(conference, 4s);
  EXPECT_TRUE(ear.levels.levels().empty());
  ASSERT_EQ(ear.speakers.size(), 2u);
  EXPECT_FALSE(ear.speakers[1]);
  const auto before = ear.reports;
  ear.listen(conference, 10s);
  EXPECT_EQ(ear.reports, before);
}

TEST(AudioLevels, TheSpeakerChangesWithWhoSpeaksAndWithNothingElse) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 40ms, .jitter = 20ms, .loss = 0.05};
    const RouterId room = conference.open_room();
    std::vector<Member*> people;
    for (int i = 0; i < 4; ++i) people.push_back(&conference.join(room, kVoice));
    Ear ear(room);
    crypto::SeededRandom random(seed);
    const auto level = [&](std::uint8_t base) {
      return static_cast<std::uint8_t>(base + random.next_u32() % 12);
    };
    std::vector<std::optional<ProducerId>> wanted;
    for (const unsigned turn : {0u, 2u, 1u, 3u, 0u}) {
      wanted.emplace_back(voice_of(*people[turn]));
      for (int half = 0; half < 8; ++half) {  // Four seconds of words, among noise.
        for (std::size_t i = 0; i < people.size(); ++i)
          Conference::audio_sender(*people[i]).set_audio_level(level(i == turn ? 20 : 62));
        ear.listen(conference, 500ms);
      }
    }
    EXPECT_EQ(ear.speakers, wanted);
  }
}

TEST(AudioLevels, OfAPausedOrClosedProducerAreNotCounted) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVoice);
  Conference::audio_sender(alice).set_audio_level(30);
  Ear ear(room);
  ear.listen(conference, 2s);
  EXPECT_TRUE(conference.request(core::PauseProducer{voice_of(alice)}));
  ear.listen(conference, 1s);
  EXPECT_TRUE(ear.levels.levels().empty());
  EXPECT_TRUE(conference.request(core::ResumeProducer{voice_of(alice)}));
  ear.listen(conference, 1s);
  EXPECT_EQ(ear.levels.levels().size(), 1u);
  conference.unpublish(alice, voice_of(alice));
  ear.listen(conference, 1s);
  EXPECT_TRUE(ear.levels.levels().empty());
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

TEST(AudioLevels, OfARoomThatClosesWhileSomebodySpeaksEndWithIt) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVoice);
  Conference::audio_sender(alice).set_audio_level(30);
  Ear ear(room);
  ear.listen(conference, 1s);
  EXPECT_TRUE(conference.request(core::CloseRouter{room}));
  const auto before = ear.reports;
  ear.listen(conference, 3s);
  EXPECT_EQ(ear.reports, before);
}

}  // namespace
}  // namespace sfu::sim

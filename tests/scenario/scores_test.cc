#include <array>
#include <map>
#include <optional>

#include "rtcp/receiver_report.h"
#include "tests/scenario/scenario.h"

// What publishers and viewers are told of how well media comes through.

namespace sfu::sim {
namespace {

template <class Event>
std::vector<Event> told(Conference& conference) {
  std::vector<Event> found;
  for (const core::Event& event : conference.events())
    if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
  return found;
}

/// The latest scores that the owner of this producer was told, by rid.
std::map<std::string, int> scores_of(Conference& conference, ProducerId producer) {
  std::map<std::string, int> scores;
  for (const auto& event : told<core::ProducerScoreChanged>(conference)) {
    if (event.producer != producer) continue;
    scores.clear();
    for (const auto& score : event.scores) scores[score.rid.value_or("")] = score.score;
  }
  return scores;
}

std::optional<core::ConsumerScoreChanged> score_of(Conference& conference, ConsumerId consumer) {
  std::optional<core::ConsumerScoreChanged> latest;
  for (const auto& event : told<core::ConsumerScoreChanged>(conference))
    if (event.consumer == consumer) latest = event;
  return latest;
}

TEST(Scores, WithoutLossAreTheBestAndToldOnce) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room);
  Member& bob = conference.join(room, kNothing);
  conference.run_for(10s);
  const auto of_producers = told<core::ProducerScoreChanged>(conference);
  ASSERT_EQ(of_producers.size(), 2u);
  for (const auto& event : of_producers) {
    EXPECT_EQ(event.router, room);
    ASSERT_EQ(event.scores.size(), 1u);
    EXPECT_EQ(event.scores[0].score, 10);
  }
  const auto of_consumers = told<core::ConsumerScoreChanged>(conference);
  EXPECT_EQ(of_consumers.size(), 2u);
  for (const auto& event : of_consumers) {
    EXPECT_EQ(event.score, 10);
    EXPECT_EQ(event.producer_score, 10);
  }
  for (const auto& consumer : conference.transport_stats(bob.receive).consumers)
    EXPECT_EQ(consumer.stream.score, 10);
  for (const auto& producer : conference.transport_stats(alice.send).producers)
    EXPECT_EQ(producer.streams.at(0).score, 10);
}

TEST(Scores, FallWithLossOnThePublishersWayAndRiseAgainAfterIt) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 20ms};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    Member& bob = conference.join(room, kNothing);
    const auto set_loss = [&](double loss) {
      conference.network().set_link(alice.browser->address(), conference.server_address(),
                                    {.delay = 20ms, .loss = loss});
    };
    conference.run_for(3s);
    set_loss(0.2);
    conference.run_for(15s);
    const ProducerId audio = Conference::published(alice, MediaKind::Audio).id;
    const ProducerId video = Conference::published(alice, MediaKind::Video).id;
    const int lossy = scores_of(conference, audio)[""];
    EXPECT_GE(lossy, 2) << "0.8 to its fourth power is 4.1";
    EXPECT_LE(lossy, 6);
    const int repaired = scores_of(conference, video)[""];
    EXPECT_GT(repaired, 2) << "what RTX brings counts";
    EXPECT_LT(repaired, 10);
    const auto heard = score_of(conference, Conference::viewed(bob, alice, MediaKind::Audio).id);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->producer_score, lossy) << "the viewer is told as well";
    EXPECT_LE(heard->score, 6) << "what never came cannot be sent on";
    const auto seen = score_of(conference, Conference::viewed(bob, alice, MediaKind::Video).id);
    ASSERT_TRUE(seen);
    EXPECT_GE(seen->score, 9) << "what came late is sent on, and its own way is whole";
    set_loss(0);
    conference.run_for(20s);
    EXPECT_EQ(scores_of(conference, audio)[""], 10);
    EXPECT_EQ(scores_of(conference, video)[""], 10);
  }
}

TEST(Scores, OfAViewerFallWithLossOnItsOwnWayAlone) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 20ms};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room, {.audio = true, .video = false});
    Member& bob = conference.join(room, kNothing);
    Member& carl = conference.join(room, kNothing);
    conference.network().set_link(conference.server_address(), bob.browser->address(),
                                  {.delay = 20ms, .loss = 0.2});
    conference.run_for(30s);
    const auto of_bob = score_of(conference, Conference::viewed(bob, alice, MediaKind::Audio).id);
    const auto of_carl = score_of(conference, Conference::viewed(carl, alice, MediaKind::Audio).id);
    ASSERT_TRUE(of_bob && of_carl);
    EXPECT_LE(of_bob->score, 7);
    EXPECT_GE(of_bob->score, 1);
    EXPECT_EQ(of_bob->producer_score, 10);
    EXPECT_EQ(of_carl->score, 10);
  }
}

TEST(Scores, OfALayerThatIsNotSentAnyMoreIsZeroAndTheOthersKeepTheirs) {
  Conference conference(2);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kThreeLayers);
  conference.run_for(4s);
  const ProducerId video = Conference::published(alice, MediaKind::Video).id;
  EXPECT_EQ(scores_of(conference, video),
            (std::map<std::string, int>{{"r0", 10}, {"r1", 10}, {"r2", 10}}));
  Conference::video_sender(alice, 2).set_active(false, conference.now());
  conference.run_for(5s);
  EXPECT_EQ(scores_of(conference, video),
            (std::map<std::string, int>{{"r0", 10}, {"r1", 10}, {"r2", 0}}));
  Conference::video_sender(alice, 2).set_active(true, conference.now());
  conference.run_for(3s);
  EXPECT_EQ(scores_of(conference, video)["r2"], 10);
}

TEST(Scores, OfAPausedProducerRestUntilItIsResumed) {
  Conference conference(3);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVideoOnly);
  conference.run_for(4s);
  const ProducerId video = Conference::published(alice, MediaKind::Video).id;
  EXPECT_TRUE(conference.request(core::PauseProducer{video}));
  Conference::video_sender(alice).set_active(false, conference.now());
  conference.run_for(20s);
  EXPECT_EQ(scores_of(conference, video)[""], 10);
  Conference::video_sender(alice).set_active(true, conference.now());
  EXPECT_TRUE(conference.request(core::ResumeProducer{video}));
  conference.run_for(5s);
  EXPECT_EQ(scores_of(conference, video)[""], 10);
  EXPECT_EQ(told<core::ProducerScoreChanged>(conference).size(), 1u);
}

/// Of a consumer the publisher's way is told as well, which changes as often.
TEST(Scores, OfEachWayAreToldAtMostTwiceASecondHoweverTheNetworkIs) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 20ms, .jitter = 30ms, .loss = 0.25};
    const RouterId room = conference.open_room();
    conference.join(room, {.audio = true, .video = false});
    conference.join(room, {.audio = true, .video = false});
    conference.run_for(30s);
    constexpr int kMost = 2 * 30 + 1;
    std::map<ProducerId, int> of_producers;
    for (const auto& event : told<core::ProducerScoreChanged>(conference))
      ++of_producers[event.producer];
    ASSERT_FALSE(of_producers.empty());
    for (const auto& [id, count] : of_producers) EXPECT_LE(count, kMost);
    std::map<ConsumerId, int> of_consumers;
    for (const auto& event : told<core::ConsumerScoreChanged>(conference))
      ++of_consumers[event.consumer];
    ASSERT_FALSE(of_consumers.empty());
    for (const auto& [id, count] : of_consumers) EXPECT_LE(count, 2 * kMost);
  }
}

TEST(Scores, OfAViewerThatReportsWithoutEndAreToldTwiceASecond) {
  Conference conference(6);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, {.audio = true, .video = false});
  Member& bob = conference.join(room, kNothing);
  conference.run_for(3s);
  const Ssrc voice = Conference::viewed(bob, alice, MediaKind::Audio).ssrc;
  const auto before = told<core::ConsumerScoreChanged>(conference).size();
  rtcp::ReportBlock report{.ssrc = voice};
  constexpr std::size_t kSeconds = 20;
  for (std::size_t step = 0; step < kSeconds * 50; ++step) {
    // Of each second and a half, nothing came in the first half.
    if (step % 75 < 37) ++report.cumulative_lost;
    std::array<std::uint8_t, 200> buffer;
    rtcp::CompoundBuilder builder(buffer);
    ASSERT_TRUE(rtcp::append_receiver_report(builder, Ssrc{1}, std::array{report}));
    bob.browser->forge_viewer_rtcp(builder.bytes());
    conference.run_for(20ms);
  }
  const auto told_now = told<core::ConsumerScoreChanged>(conference).size() - before;
  EXPECT_GT(told_now, kSeconds);
  EXPECT_LE(told_now, 2 * kSeconds + 1);
}

TEST(Scores, OfAPublisherOnAnotherWorkerReachTheViewer) {
  Conference conference({.seed = 4, .more_workers = {IpAddress::v4(0x0a000002)}});
  conference.network().default_link = {.delay = 20ms};
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, {.audio = true, .video = false});
  Member& bob = conference.join(room, kNothing, {.worker = 1});
  conference.network().set_link(alice.browser->address(), conference.server_address(),
                                {.delay = 20ms, .loss = 0.3});
  conference.run_for(20s);
  const ConsumerId consumer = Conference::viewed(bob, alice, MediaKind::Audio).id;
  auto heard = score_of(conference, consumer);
  ASSERT_TRUE(heard);
  EXPECT_LE(heard->producer_score, 5);
  Conference::audio_sender(alice).set_active(false, conference.now());
  conference.run_for(6s);
  heard = score_of(conference, consumer);
  EXPECT_EQ(heard->producer_score, 0);
}

}  // namespace
}  // namespace sfu::sim

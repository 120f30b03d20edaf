#include "tests/scenario/scenario.h"

// One meeting on two workers: what a viewer on the other one sees is what it would see beside the
// publisher.

namespace sfu::sim {
namespace {

constexpr Manner kThere{.worker = 1};

Conference::Options two_workers(std::uint64_t seed) {
  return {.seed = seed, .more_workers = {IpAddress::v4(0x0a000101)}};
}

/// A publisher on the first worker, with one viewer beside it and one on the second.
struct Call {
  explicit Call(std::uint64_t seed, Publishing publishing = kVideoOnly, const Link& link = {})
      : conference(two_workers(seed)) {
    conference.network().default_link = link;
    room = conference.open_room();
    publisher = &conference.join(room, publishing);
    beside = &conference.join(room, kNothing);
    far = &conference.join(room, kNothing, kThere);
  }
  StreamReceiver& video() { return Conference::video(*far, *publisher); }
  Conference::Member::Viewed& viewed() {
    return Conference::viewed(*far, *publisher, MediaKind::Video);
  }
  LinkForTest& forth() { return conference.link(0, 1); }

  Conference conference;
  RouterId room;
  Member* publisher = nullptr;
  Member* beside = nullptr;
  Member* far = nullptr;
};

TEST(TwoWorkers, EverybodySeesAndHearsEverybody) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(two_workers(seed));
    conference.network().default_link = {.delay = 20ms, .jitter = 5ms};
    const RouterId room = conference.open_room();
    for (std::size_t i = 0; i < 6; ++i)
      conference.join(room, {.audio = true, .video = true, .simulcast_layers = i % 2 ? 3u : 1u},
                      {.worker = i % 2});
    conference.run_for(3s);
    reset_gaps(conference);
    conference.run_for(5s);
    expect_all_flow(conference, 200ms);
    EXPECT_THAT(conference.complaints(), IsEmpty());
    EXPECT_EQ(conference.worker_stats(0).link_packets_dropped, 0u);
    EXPECT_GT(conference.worker_stats(0).link_packets, 500u);
    EXPECT_EQ(conference.worker_stats(0).producers, 6u);
    EXPECT_EQ(conference.worker_stats(1).consumers, 30u);
  }
}

TEST(TwoWorkers, LossOnEachLegIsRepairedOnThatLegAlone) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed);
    call.conference.run_for(2s);
    const auto every_twentieth = [n = 0](const rtp::PacketView&) mutable { return ++n % 20 == 0; };
    reset_gaps(call.conference);
    call.far->browser->lose_received(every_twentieth);
    call.conference.run_for(5s);
    EXPECT_GT(call.video().repaired(), 5u);
    EXPECT_EQ(call.publisher->browser->nacks_received(), 0u);
    EXPECT_EQ(Conference::video(*call.beside, *call.publisher).repaired(), 0u);

    call.far->browser->lose_received({});
    call.publisher->browser->lose_sent(every_twentieth);
    call.conference.run_for(5s);
    EXPECT_GT(call.publisher->browser->nacks_received(), 5u);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 500ms);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(TwoWorkers, LateJoinerOnAnotherWorkerSeesAPictureWithinHalfASecond) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(two_workers(seed));
    const RouterId room = conference.open_room();
    Member& publisher =
        conference.join(room, {.audio = true, .video = true, .simulcast_layers = 3});
    conference.join(room);
    conference.run_for(10s);
    const Timestamp joined = conference.now();
    Member& late = conference.join(room, kNothing, kThere);
    conference.run_for(1s);
    ASSERT_TRUE(Conference::video(late, publisher).first_frame_at());
    EXPECT_LT(*Conference::video(late, publisher).first_frame_at() - joined, 500ms);
    EXPECT_LT(*Conference::audio(late, publisher).first_frame_at() - joined, 300ms);
    EXPECT_EQ(Conference::video(late, publisher).plis(), 0u);
  }
}

TEST(TwoWorkers, FiftyViewersOnBothWhoJoinAtOnceCostOneKeyFrameInHalfASecond) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(two_workers(seed));
    expect_one_key_frame_serves_many(conference, 2);
  }
}

TEST(TwoWorkers, KeyFramesThatNobodyWaitsForAreNotAskedFor) {
  Call call(1, kThreeLayers);
  call.conference.run_for(4s);
  const auto plis = call.publisher->browser->plis_received();
  EXPECT_GE(plis, 1u);
  call.conference.run_for(10s);
  EXPECT_EQ(call.publisher->browser->plis_received(), plis);
}

TEST(TwoWorkers, AKeyFrameThatWasLostOnItsWayToTheFarViewerComesAgain) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed);
    call.conference.run_for(2s);
    int to_lose = 30;
    call.far->browser->lose_received([&](const rtp::PacketView&) { return to_lose-- > 0; });
    call.conference.run_for(3s);
    call.video().reset_gap(call.conference.now());
    call.conference.run_for(2s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(TwoWorkers, EachViewerHasTheLayerThatItPrefers) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed, kThreeLayers);
    call.conference.run_for(3s);
    EXPECT_EQ(call.video().last_stream(), 2);
    reset_gaps(call.conference);
    for (const std::uint8_t layer : std::initializer_list<std::uint8_t>{0, 1, 2, 0, 2, 1, 0}) {
      const auto reply =
          call.conference.request(*call.far, core::SetPreferredLayers{call.viewed().id, layer, {}});
      ASSERT_TRUE(reply);
      EXPECT_EQ(std::get<core::PreferredLayers>(*reply).spatial_layer, layer);
      call.conference.run_for(1200ms);
      EXPECT_EQ(call.video().last_stream(), layer);
      EXPECT_EQ(Conference::video(*call.beside, *call.publisher).last_stream(), 2);
    }
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
    EXPECT_EQ(call.video().missing(), 0u);
    EXPECT_LT(call.video().worst_timestamp(), 6ms) << "aligned by the publisher's sender reports";
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(TwoWorkers, ALayerThatFallsSilentIsLeftAndTakenBackOnBoth) {
  Call call(3, kThreeLayers);
  call.conference.run_for(3s);
  Conference::video_sender(*call.publisher, 2).set_active(false, call.conference.now());
  call.conference.run_for(2s);
  EXPECT_EQ(call.video().last_stream(), 1);
  Conference::video_sender(*call.publisher, 2).set_active(true, call.conference.now());
  call.conference.run_for(1s);
  EXPECT_EQ(call.video().last_stream(), 2);
  EXPECT_EQ(call.video().missing(), 0u);
  EXPECT_THAT(call.conference.complaints(), IsEmpty());
}

TEST(TwoWorkers, AProducerPausesForViewersOnBothAndResumesWithAKeyFrame) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Call call(seed, kThreeLayers);
    call.conference.run_for(3s);
    const ProducerId producer = Conference::published(*call.publisher, MediaKind::Video).id;
    EXPECT_TRUE(call.conference.request(core::PauseProducer{producer}));
    call.conference.run_for(100ms);
    const auto packets = call.video().packets();
    const auto plis = call.publisher->browser->plis_received();
    EXPECT_TRUE(call.conference.transport_stats(call.far->receive).consumers[0].producer_paused);
    call.conference.run_for(5s);
    EXPECT_EQ(call.video().packets(), packets);
    EXPECT_EQ(call.publisher->browser->plis_received(), plis);
    EXPECT_TRUE(call.conference.request(core::ResumeProducer{producer}));
    const auto frames = call.video().frames_decoded();
    call.conference.run_for(500ms);
    EXPECT_GT(call.video().frames_decoded(), frames);
    EXPECT_EQ(call.video().missing(), 0u);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(TwoWorkers, AFullLinkCostsAKeyFrameAndNoMore) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed, {.audio = true, .video = true}, {.delay = 20ms});
    call.conference.run_for(3s);
    const auto plis = call.publisher->browser->plis_received();
    const std::size_t capacity = std::exchange(call.forth().capacity, 0);
    call.conference.run_for(300ms);
    call.forth().capacity = capacity;
    EXPECT_GT(call.conference.worker_stats(0).link_packets_dropped, 5u);
    const auto asked_for = call.publisher->browser->nacks_received();
    call.conference.run_for(700ms);
    EXPECT_EQ(call.publisher->browser->nacks_received(), asked_for) << "no gap of the publisher's";
    EXPECT_GT(call.publisher->browser->plis_received(), plis);
    reset_gaps(call.conference);
    call.conference.run_for(3s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
    EXPECT_LT(Conference::audio(*call.far, *call.publisher).longest_gap(call.conference.now()),
              200ms);
    EXPECT_LE(call.publisher->browser->plis_received(), plis + 2);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(TwoWorkers, WhatOneClosesIsGoneOnBoth) {
  Call call(1, {.audio = true, .video = true});
  call.conference.run_for(2s);
  call.conference.unpublish(*call.publisher,
                            Conference::published(*call.publisher, MediaKind::Video).id);
  EXPECT_EQ(call.conference.worker_stats(1).consumers, 1u);
  call.conference.run_for(1s);
  EXPECT_GT(Conference::audio(*call.far, *call.publisher).frames_decoded(), 100u);
  call.conference.publish(*call.publisher, kVideoOnly);
  call.conference.run_for(1s);
  EXPECT_GT(call.video().frames_decoded(), 5u);
  call.conference.leave(*call.publisher);
  EXPECT_EQ(call.conference.worker_stats(1).consumers, 0u);
  EXPECT_EQ(call.conference.worker_stats(0).producers, 0u);
  call.conference.run_for(1s);
  EXPECT_THAT(call.conference.complaints(), IsEmpty());
}

TEST(TwoWorkers, ARouterThatClosesTakesItsRemoteProducersWithIt) {
  Call call(1);
  call.conference.run_for(1s);
  EXPECT_TRUE(call.conference.request(*call.far, core::CloseRouter{call.room}));
  EXPECT_EQ(call.conference.worker_stats(1).consumers, 0u);
  EXPECT_EQ(call.conference.worker_stats(1).transports, 0u);
  call.conference.run_for(1s);  // The publisher's worker writes on: to nobody.
  EXPECT_GT(Conference::video(*call.beside, *call.publisher).frames_decoded(), 20u);
}

TEST(TwoWorkers, MeetTheSameWayEachTimeWithTheSameSeed) {
  const auto digest = [](std::uint64_t seed) {
    Call call(seed, kThreeLayers, {.delay = 20ms, .jitter = 10ms, .loss = 0.02});
    call.conference.run_for(3s);
    return call.conference.network().traffic_digest();
  };
  EXPECT_EQ(digest(1), digest(1));
  EXPECT_NE(digest(1), digest(2));
}

}  // namespace
}  // namespace sfu::sim

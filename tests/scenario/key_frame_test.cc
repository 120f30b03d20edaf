#include "tests/scenario/scenario.h"

// What key frames cost the sender, and that nobody stays black for want of one.

namespace sfu::sim {
namespace {

TEST(KeyFrames, FiftyViewersWhoJoinAtOnceCostOneInHalfASecond) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(seed);
    expect_one_key_frame_serves_many(conference, 1);
  }
}

TEST(KeyFrames, OnesThatNobodyWaitsForAreNotAskedFor) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& publisher = conference.join(room, kThreeLayers);
  conference.run_for(2s);
  EXPECT_EQ(publisher.browser->plis_received(), 0u);
  conference.join(room, kNothing);
  conference.run_for(3s);
  const auto plis = publisher.browser->plis_received();
  EXPECT_GE(plis, 1u);
  conference.run_for(10s);
  EXPECT_EQ(publisher.browser->plis_received(), plis);
}

TEST(KeyFrames, LostRequestIsRepeated) {
  for (int lost = 1; lost <= 3; ++lost) {
    SCOPED_TRACE(lost);
    Conference conference(7);
    const RouterId room = conference.open_room();
    Member& publisher = conference.join(room, kVideoOnly);
    conference.run_for(1s);
    publisher.browser->lose_plis(lost);
    Member& viewer = conference.join(room, kNothing);
    const Timestamp joined = conference.now();
    conference.run_for(4s);
    const StreamReceiver& video = Conference::video(viewer, publisher);
    ASSERT_TRUE(video.first_frame_at());
    // After 300 ms, then every second.
    EXPECT_LT(*video.first_frame_at() - joined, 700ms + (lost - 1) * 1s);
  }
}

TEST(KeyFrames, OneWhoseFirstPacketIsLostLeavesNobodyBlack) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const bool rtx_comes : {true, false}) {
      SEEDED(seed);
      SCOPED_TRACE(rtx_comes);
      Conference conference(seed);
      const RouterId room = conference.open_room();
      Member& publisher = conference.join(room, kVideoOnly);
      conference.run_for(1s);
      StreamSender& sender = Conference::video_sender(publisher);
      int to_lose = 1;
      publisher.browser->lose_sent([&](const rtp::PacketView& packet) {
        if (packet.ssrc() != sender.options().ssrc) return !rtx_comes;
        const auto part = read_picture_part(packet.payload());
        return part && part->is_key_frame && part->part == 0 && to_lose-- > 0;
      });
      Member& viewer = conference.join(room, kNothing);
      const Timestamp joined = conference.now();
      conference.run_for(3s);
      EXPECT_LE(to_lose, 0);
      const StreamReceiver& video = Conference::video(viewer, publisher);
      ASSERT_TRUE(video.first_frame_at());
      EXPECT_LT(*video.first_frame_at() - joined, rtx_comes ? 450ms : 900ms);
      EXPECT_THAT(conference.complaints(), IsEmpty());
    }
  }
}

TEST(KeyFrames, OneWhoseFirstPacketIsLostOnTheWayToOneViewerComesAgainByRtx) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    Member& publisher = conference.join(room, kVideoOnly);
    conference.run_for(1s);
    Member& viewer = conference.join(room, kNothing);
    int to_lose = 1;
    viewer.browser->lose_received([&](const rtp::PacketView& packet) {
      const auto part = read_picture_part(packet.payload());
      return part && part->is_key_frame && part->part == 1 && to_lose-- > 0;
    });
    const Timestamp joined = conference.now();
    conference.run_for(3s);
    EXPECT_LE(to_lose, 0);
    const StreamReceiver& video = Conference::video(viewer, publisher);
    ASSERT_TRUE(video.first_frame_at());
    EXPECT_LT(*video.first_frame_at() - joined, 500ms);
    EXPECT_GE(video.repaired(), 1u);
  }
}

TEST(KeyFrames, LateJoinerSeesAPictureWithinHalfASecond) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    Member& publisher =
        conference.join(room, {.audio = true, .video = true, .simulcast_layers = 3});
    conference.join(room);
    conference.run_for(10s);
    const Timestamp joined = conference.now();
    Member& late = conference.join(room);
    conference.run_for(1s);
    ASSERT_TRUE(Conference::video(late, publisher).first_frame_at());
    EXPECT_LT(*Conference::video(late, publisher).first_frame_at() - joined, 500ms);
    EXPECT_LT(*Conference::audio(late, publisher).first_frame_at() - joined, 300ms);
    EXPECT_EQ(Conference::video(late, publisher).plis(), 0u);
  }
}

TEST(KeyFrames, RequestsOfViewersReachTheSender) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& publisher = conference.join(room, kVideoOnly);
  Member& viewer = conference.join(room, kNothing);
  conference.run_for(2s);
  const auto before = Conference::video_sender(publisher).key_frames_sent();
  const auto id = Conference::viewed(viewer, publisher, MediaKind::Video).id;
  EXPECT_TRUE(conference.request(core::RequestKeyFrame{id}));
  conference.run_for(300ms);
  EXPECT_EQ(Conference::video_sender(publisher).key_frames_sent(), before + 1);
}

TEST(Pausing, OfAConsumerStopsItAlone) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 20ms, .jitter = 5ms};
    const RouterId room = conference.open_room();
    Member& publisher = conference.join(room);
    Member& one = conference.join(room, kNothing);
    Member& other = conference.join(room, kNothing);
    conference.run_for(2s);
    for (const auto& viewed : one.consumers)
      EXPECT_TRUE(conference.request(core::PauseConsumer{viewed.id}));
    conference.run_for(100ms);
    reset_gaps(conference);
    StreamReceiver& video = Conference::video(one, publisher);
    const auto packets = video.packets() + Conference::audio(one, publisher).packets();
    conference.run_for(3s);
    EXPECT_EQ(video.packets() + Conference::audio(one, publisher).packets(), packets);
    EXPECT_LT(Conference::video(other, publisher).longest_gap(conference.now()), 150ms);

    const auto frames = video.frames_decoded();
    for (const auto& viewed : one.consumers)
      EXPECT_TRUE(conference.request(core::ResumeConsumer{viewed.id}));
    conference.run_for(400ms);
    EXPECT_GT(video.frames_decoded(), frames) << "starts at a key frame that was asked for";
    EXPECT_EQ(video.plis(), 0u);
    conference.run_for(1s);
    EXPECT_EQ(video.missing(), 0u) << "the numbers go on where they stopped";
    EXPECT_LT(video.worst_timestamp(), 60ms);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Pausing, OfAProducerStopsItForAllAndResumesWithAKeyFrame) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    Member& publisher = conference.join(room, kThreeLayers);
    Member& viewer = conference.join(room, kNothing);
    conference.run_for(3s);
    StreamReceiver& video = Conference::video(viewer, publisher);
    const ProducerId producer = Conference::published(publisher, MediaKind::Video).id;
    EXPECT_TRUE(conference.request(core::PauseProducer{producer}));
    conference.run_for(100ms);
    const auto packets = video.packets();
    const auto plis = publisher.browser->plis_received();
    conference.run_for(5s);
    EXPECT_EQ(video.packets(), packets);
    EXPECT_EQ(publisher.browser->plis_received(), plis);
    EXPECT_TRUE(conference.request(core::ResumeProducer{producer}));
    const auto frames = video.frames_decoded();
    conference.run_for(500ms);
    EXPECT_GT(video.frames_decoded(), frames);
    EXPECT_EQ(video.plis(), 0u);
    EXPECT_EQ(video.missing(), 0u);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Pausing, OfAProducerDuringLossLeavesNoGapBehind) {
  Conference conference(5);
  conference.network().default_link = {.delay = 20ms, .loss = 0.05};
  const RouterId room = conference.open_room();
  Member& publisher = conference.join(room, kVideoOnly);
  Member& viewer = conference.join(room, kNothing);
  const ProducerId producer = Conference::published(publisher, MediaKind::Video).id;
  for (int i = 0; i < 10; ++i) {
    conference.run_for(700ms);
    EXPECT_TRUE(conference.request(core::PauseProducer{producer}));
    conference.run_for(300ms);
    EXPECT_TRUE(conference.request(core::ResumeProducer{producer}));
  }
  conference.run_for(2s);
  StreamReceiver& video = Conference::video(viewer, publisher);
  video.reset_gap(conference.now());
  conference.run_for(3s);
  EXPECT_LT(video.longest_gap(conference.now()), 500ms);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

TEST(Pausing, TwiceIsAsOnce) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& publisher = conference.join(room);
  Member& viewer = conference.join(room, kNothing);
  conference.run_for(2s);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(conference.request(
        core::PauseProducer{Conference::published(publisher, MediaKind::Video).id}));
    EXPECT_TRUE(conference.request(
        core::PauseConsumer{Conference::viewed(viewer, publisher, MediaKind::Video).id}));
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(conference.request(
        core::ResumeConsumer{Conference::viewed(viewer, publisher, MediaKind::Video).id}));
    EXPECT_TRUE(conference.request(
        core::ResumeProducer{Conference::published(publisher, MediaKind::Video).id}));
  }
  conference.run_for(500ms);
  reset_gaps(conference);
  conference.run_for(1s);
  expect_all_flow(conference, 200ms);
}

}  // namespace
}  // namespace sfu::sim

#include "tests/scenario/scenario.h"

// Reports both ways, and what the statistics make of them.

namespace sfu::sim {
namespace {

/// Between the wall clock of the report and the capture of what it names.
TimeDelta offset_of(const StreamReceiver& receiver) {
  const rtcp::SenderInfo& report = *receiver.sender_report();
  const Timestamp wall = rtp::NtpClock{}.to_timestamp(report.ntp);
  return wall.time_since_epoch() - receiver.capture_time(report.rtp_timestamp);
}

TEST(Reports, OfAudioAndVideoAreInOneTimeBase) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 40ms, .jitter = 20ms, .loss = 0.02};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room, {.audio = true, .video = true, .simulcast_layers = 3});
    Member& bob = conference.join(room);
    conference.run_for(6s);
    for (const auto& [viewer, publisher] : {std::pair{&alice, &bob}, std::pair{&bob, &alice}}) {
      const StreamReceiver& video = Conference::video(*viewer, *publisher);
      const StreamReceiver& audio = Conference::audio(*viewer, *publisher);
      ASSERT_TRUE(video.sender_report() && audio.sender_report());
      EXPECT_LT(std::chrono::abs(offset_of(video) - offset_of(audio)), 5ms);
    }
  }
}

TEST(Reports, StayInOneTimeBaseOverLayerSwitchesAndPauses) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 40ms, .jitter = 10ms};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room, {.audio = true, .video = true, .simulcast_layers = 3});
    Member& bob = conference.join(room, kNothing);
    conference.run_for(4s);
    const ConsumerId id = Conference::viewed(bob, alice, MediaKind::Video).id;
    const StreamReceiver& video = Conference::video(bob, alice);
    const StreamReceiver& audio = Conference::audio(bob, alice);
    for (const std::uint8_t layer : std::initializer_list<std::uint8_t>{0, 2, 1}) {
      EXPECT_TRUE(conference.request(core::SetPreferredLayers{id, layer, {}}));
      EXPECT_TRUE(conference.request(core::PauseConsumer{id}));
      conference.run_for(700ms);
      EXPECT_TRUE(conference.request(core::ResumeConsumer{id}));
      conference.run_for(3s);
      EXPECT_EQ(video.last_stream(), layer);
      EXPECT_LT(std::chrono::abs(offset_of(video) - offset_of(audio)), 5ms);
    }
  }
}

TEST(Reports, ComeToAViewerATenthOfASecondAfterItsFirstPicture) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    conference.run_for(3s);
    Member& bob = conference.join(room, kNothing);
    const StreamReceiver& video = Conference::video(bob, alice);
    for (int i = 0; i < 300 && video.frames_decoded() == 0; ++i) conference.run_for(10ms);
    conference.run_for(100ms);
    EXPECT_GT(video.frames_decoded(), 0u);
    EXPECT_TRUE(video.sender_report());
  }
}

TEST(Reports, ReachPublishersAndSayWhatWasLost) {
  Conference conference(3);
  conference.network().default_link = {.delay = 30ms};
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVideoOnly);
  conference.network().set_link(alice.browser->address(), conference.server_address(),
                                {.delay = 30ms, .loss = 0.2});
  conference.run_for(10s);
  EXPECT_GE(alice.browser->reports_received(), 6u);
  const StreamSender& sender = Conference::video_sender(alice);
  const auto report = alice.browser->report_on(sender.options().ssrc);
  ASSERT_TRUE(report);
  EXPECT_NE(report->last_sender_report, 0u);
  EXPECT_LE(report->cumulative_lost, static_cast<std::int32_t>(sender.packets_sent() / 5));

  const auto stats = conference.transport_stats(alice.send);
  ASSERT_EQ(stats.producers.size(), 1u);
  ASSERT_EQ(stats.producers[0].streams.size(), 1u);
  const core::RtpStreamStats& stream = stats.producers[0].streams[0];
  EXPECT_TRUE(stream.inbound);
  EXPECT_EQ(stream.ssrc, sender.options().ssrc);
  EXPECT_GT(stream.nack_count, 5u);
  EXPECT_GE(stream.nack_packet_count, stream.nack_count);
  EXPECT_GT(stream.packets_repaired, 20u);
  EXPECT_GE(stream.packets_retransmitted, stream.packets_repaired);
  EXPECT_LE(stream.packets, sender.packets_sent() + stream.packets_retransmitted);
  EXPECT_GT(stream.packets, sender.packets_sent() / 2);
  EXPECT_GT(stream.bytes, stream.packets * 900);
  EXPECT_NEAR(stream.round_trip_time_ms, 60, 5) << "by the answers to our XR";
  EXPECT_EQ(stream.pli_count, alice.browser->plis_received());
}

TEST(Reports, TransportFeedbackReachesPublishersAtLeastEachTenthOfASecond) {
  for (const double loss : {0.0, 0.02}) {
    Conference conference(1);
    conference.network().default_link = {.delay = 20ms, .loss = loss};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    conference.run_for(5s);
    EXPECT_GT(alice.browser->feedback_received(), 45u);
    EXPECT_LE(alice.browser->longest_without_feedback(), loss == 0.0 ? 100ms : 300ms);
  }
}

TEST(Reports, OfViewersAreInTheStatisticsOfTheirConsumers) {
  Conference conference(2);
  conference.network().default_link = {.delay = 50ms};
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room);
  Member& bob = conference.join(room, kNothing);
  conference.network().set_link(conference.server_address(), bob.browser->address(),
                                {.delay = 50ms, .loss = 0.1});
  conference.run_for(10s);
  const auto stats = conference.transport_stats(bob.receive);
  ASSERT_EQ(stats.consumers.size(), 2u);
  for (const core::ConsumerStats& consumer : stats.consumers) {
    const core::RtpStreamStats& stream = consumer.stream;
    EXPECT_FALSE(stream.inbound);
    EXPECT_GT(stream.packets, 300u);
    EXPECT_NEAR(stream.round_trip_time_ms, 100, 5);
    if (consumer.kind == MediaKind::Video) {
      EXPECT_GT(stream.nack_count, 10u);
      EXPECT_GT(stream.packets_retransmitted, 10u);
      EXPECT_EQ(stream.nack_count > 0, Conference::video(bob, alice).nacks() > 0);
    } else {
      EXPECT_GT(stream.packets_lost, 10u);
    }
  }
  EXPECT_EQ(stats.ice_state, "completed");
  EXPECT_EQ(stats.dtls_state, "connected");
  EXPECT_EQ(stats.srtp_profile, "AEAD_AES_128_GCM");
  EXPECT_GT(stats.packets_sent, 900u);
  EXPECT_GT(stats.rtp_bytes_sent, 300u * 900u);
  EXPECT_GT(stats.rtx_bytes_sent, 10u * 900u);
  EXPECT_GT(stats.bytes_sent, stats.rtp_bytes_sent + stats.rtx_bytes_sent);
  EXPECT_GT(stats.rtx_send_bps, 0);
  EXPECT_GT(stats.send_bps, 2 * stats.rtx_send_bps);
  EXPECT_GT(stats.receive_bps, 0);
  EXPECT_LT(stats.receive_bps, stats.send_bps / 10);
  EXPECT_EQ(stats.rtp_bytes_received + stats.rtx_bytes_received, 0u);
}

TEST(Reports, WithoutLossSpeakOfNone) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room);
  Member& bob = conference.join(room, kNothing);
  conference.run_for(5s);
  for (const auto& producer : conference.transport_stats(alice.send).producers) {
    for (const auto& stream : producer.streams) {
      EXPECT_EQ(stream.packets_lost, 0u);
      EXPECT_EQ(stream.nack_count, 0u);
      EXPECT_EQ(stream.packets_discarded, 0u);
      EXPECT_GT(stream.bitrate_bps, 20'000u);
      EXPECT_LT(stream.bitrate_bps, 3'000'000u);
    }
  }
  for (const auto& consumer : conference.transport_stats(bob.receive).consumers) {
    EXPECT_EQ(consumer.stream.packets_lost, 0u);
    EXPECT_EQ(consumer.stream.packets_retransmitted, 0u);
    EXPECT_FALSE(consumer.paused || consumer.producer_paused);
  }
}

}  // namespace
}  // namespace sfu::sim

#include "tests/scenario/scenario.h"

// What losses cost the viewers.

namespace sfu::sim {
namespace {

struct Call {
  explicit Call(std::uint64_t seed, std::size_t layers = 1, int viewers = 3) : conference(seed) {
    const RouterId room = conference.open_room();
    publisher = &conference.join(room, {.audio = true, .video = true, .simulcast_layers = layers});
    for (int i = 0; i < viewers; ++i) viewer = &conference.join(room, kNothing);
    conference.run_for(2s);
    reset_gaps(conference);
  }
  Link& link() { return conference.network().default_link; }
  void set_uplink(const Link& to_server) {
    conference.network().set_link(publisher->browser->address(), conference.server_address(),
                                  to_server);
  }
  void set_downlinks(const Link& to_viewers) {
    for (const auto& member : conference.members())
      if (member.get() != publisher)
        conference.network().set_link(conference.server_address(), member->browser->address(),
                                      to_viewers);
  }
  StreamReceiver& video() { return Conference::video(*viewer, *publisher); }

  Conference conference;
  Member* publisher = nullptr;
  Member* viewer = nullptr;  // The last of them.
};

TEST(Loss, OfFivePercentBeforeTheServerStopsNoPicture) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SEEDED(seed);
    Call call(seed, 1 + seed % 3);
    call.set_uplink({.delay = 25ms, .jitter = 5ms, .loss = 0.05});
    call.conference.run_for(15s);
    for (const auto& member : call.conference.members()) {
      if (member.get() == call.publisher) continue;
      const StreamReceiver& video = Conference::video(*member, *call.publisher);
      EXPECT_LT(video.longest_gap(call.conference.now()), 400ms);
    }
    EXPECT_GT(call.publisher->browser->nacks_received(), 10u);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Loss, OfFivePercentBeforeTheViewersStopsNoPicture) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SEEDED(seed);
    Call call(seed, 1 + seed % 3);
    call.set_downlinks({.delay = 25ms, .jitter = 5ms, .loss = 0.05});
    call.conference.run_for(15s);
    for (const auto& member : call.conference.members()) {
      if (member.get() == call.publisher) continue;
      const StreamReceiver& video = Conference::video(*member, *call.publisher);
      EXPECT_LT(video.longest_gap(call.conference.now()), 500ms);
      EXPECT_GT(video.repaired(), 5u);
    }
    EXPECT_EQ(call.publisher->browser->nacks_received(), 0u)
        << "what viewers miss comes from the server's history";
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Loss, OfAFifthInBurstsIsOvercome) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Call call(seed);
    call.set_uplink({.delay = 25ms, .loss = 0.2, .burst = 4.0});
    call.conference.run_for(10s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 2500ms);
    call.set_uplink({.delay = 25ms});
    call.conference.run_for(2s);
    reset_gaps(call.conference);
    call.conference.run_for(3s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 150ms);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Loss, OfFivePercentIsFilledWithoutKeyFrames) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed, 1, 1);
    const auto before = Conference::video_sender(*call.publisher).key_frames_sent();
    call.set_uplink({.delay = 25ms, .loss = 0.05});
    call.conference.run_for(10s);
    EXPECT_LE(Conference::video_sender(*call.publisher).key_frames_sent() - before, 2u);
  }
}

TEST(Loss, OfASecondOfThePublishersMediaEndsInAKeyFrameThatTheServerAskedFor) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Call call(seed);
    StreamSender& sender = Conference::video_sender(*call.publisher);
    const auto key_frames = sender.key_frames_sent();
    // Retransmissions of that second are lost too, so the gap can never be filled.
    const Timestamp from = call.conference.now();
    call.publisher->browser->lose_sent([&, from](const rtp::PacketView& packet) {
      return call.conference.now() < from + 1s ||
             packet.payload_type() == sender.options().rtx_payload_type;
    });
    call.conference.run_for(1s);
    const Timestamp healed = call.conference.now();
    const auto viewers_plis = call.video().plis();
    call.conference.run_for(1200ms);
    EXPECT_GT(sender.key_frames_sent(), key_frames);
    EXPECT_LE(call.video().plis(), viewers_plis + 2);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 1900ms);
    reset_gaps(call.conference);
    call.conference.run_for(2s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
    EXPECT_GT(call.conference.now(), healed);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Loss, OfOneFrameAndItsRepetitionsIsEndedByTheServerWithoutAnyPliOfViewers) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Call call(seed);
    StreamSender& sender = Conference::video_sender(*call.publisher);
    const auto key_frames = sender.key_frames_sent();
    std::optional<std::uint16_t> lost;
    call.publisher->browser->lose_sent([&](const rtp::PacketView& packet) {
      if (packet.payload_type() == sender.options().rtx_payload_type) return true;
      if (lost || packet.ssrc() != sender.options().ssrc) return false;
      lost = packet.sequence_number();
      return true;
    });
    for (const auto& member : call.conference.members())  // The viewers stay silent.
      cut(call.conference, *member, member.get() != call.publisher, false);
    call.conference.run_for(2s);
    EXPECT_GT(sender.key_frames_sent(), key_frames);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 1300ms);
  }
}

TEST(Loss, OfRetransmissionsIsRepairedByRetransmissions) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Call call(seed, 1, 1);
    StreamSender& sender = Conference::video_sender(*call.publisher);
    int rtx = 0;
    std::mt19937_64 random(seed);
    call.publisher->browser->lose_sent([&](const rtp::PacketView& packet) {
      if (packet.ssrc() == sender.options().ssrc) return random() % 20 == 0;
      return packet.payload_type() == sender.options().rtx_payload_type && ++rtx % 2 == 1;
    });
    const auto key_frames = sender.key_frames_sent();
    call.conference.run_for(10s);
    EXPECT_GT(rtx, 10);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 600ms);
    EXPECT_LE(sender.key_frames_sent() - key_frames, 2u);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Loss, OfThePublishersWayBackOnlyDelaysNothing) {
  Call call(3);
  call.conference.network().set_link(call.conference.server_address(),
                                     call.publisher->browser->address(),
                                     {.delay = 25ms, .loss = 0.3});
  call.conference.run_for(10s);
  EXPECT_LT(call.video().longest_gap(call.conference.now()), 150ms);
}

}  // namespace
}  // namespace sfu::sim

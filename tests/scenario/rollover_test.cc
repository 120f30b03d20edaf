#include "tests/scenario/scenario.h"

// The sixteen bits of a sequence number go round, and SRTP's rollover count (RFC 3711 §3.3.1) has
// to follow on both sides of the server, whatever is lost meanwhile.

namespace sfu::sim {
namespace {

constexpr std::uint32_t kRound = 65'536;
/// 1600 packets a second: their numbers go round in 41 s, and nobody takes them for a flood.
constexpr Publishing kFast{.audio = false, .video = true, .packets_per_frame = 80};
constexpr TimeDelta kStep = 100ms;

/// A fast camera and who watches it, beside a meeting that must notice nothing.
struct FastCall {
  FastCall() {
    const RouterId quiet = conference.open_room();
    ann = &conference.join(quiet);
    bob = &conference.join(quiet);
    const RouterId room = conference.open_room();
    publisher = &conference.join(room, kFast);
    viewer = &conference.join(room, kNothing);
    conference.run_for(1s);
    reset_gaps(conference);
  }

  StreamSender& sender() { return Conference::video_sender(*publisher); }
  StreamReceiver& video() { return Conference::video(*viewer, *publisher); }
  /// How many packets it sends before its numbers begin anew.
  std::uint32_t first_round() { return kRound - sender().options().first_sequence_number; }
  void run_until_sent(std::uint32_t packets) {
    while (sender().packets_sent() < packets) conference.run_for(kStep);
  }
  void expect_the_others_noticed_nothing() {
    for (Member* member : {ann, bob}) {
      EXPECT_EQ(member->browser->nacks_received(), 0u);
      for (const StreamReceiver& receiver : member->browser->receivers()) {
        EXPECT_EQ(receiver.missing(), 0u);
        EXPECT_LT(receiver.longest_gap(conference.now()), 100ms);
      }
    }
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }

  Conference conference{1};
  Member* ann = nullptr;
  Member* bob = nullptr;
  Member* publisher = nullptr;
  Member* viewer = nullptr;
};

TEST(Rollover, UnderLossStopsNoPicture) {
  FastCall call;
  Network& network = call.conference.network();
  const IpAddress& server = call.conference.server_address();
  const Link lossy{.delay = 25ms, .jitter = 5ms, .loss = 0.02, .burst = 2.0};
  network.set_link(call.publisher->browser->address(), server, lossy);
  network.set_link(server, call.viewer->browser->address(), lossy);
  // Both the camera's numbers and those of its viewer go round, wherever each began.
  call.run_until_sent(kRound + 10'000);
  EXPECT_GT(call.video().packets(), kRound);
  EXPECT_GT(call.video().repaired(), 500u);
  EXPECT_LT(call.video().longest_gap(call.conference.now()), 500ms);
  EXPECT_EQ(call.conference.worker_stats().refused.srtp, 0u);
  call.expect_the_others_noticed_nothing();
}

TEST(Rollover, IsFollowedOverTheLossOfAlmostHalfARound) {
  constexpr std::uint32_t kLost = kRound / 2 - 1000;
  FastCall call;
  const std::uint32_t from = call.first_round() - kLost / 2;
  std::uint32_t sent = call.sender().packets_sent();
  call.publisher->browser->lose_sent([&](const rtp::PacketView& packet) {
    if (packet.ssrc() != call.sender().options().ssrc) return true;
    const std::uint32_t n = sent++;
    return n >= from && n < from + kLost;
  });
  call.run_until_sent(from + kLost);
  call.conference.run_for(2s);
  reset_gaps(call.conference);
  call.conference.run_for(2s);
  EXPECT_LT(call.video().longest_gap(call.conference.now()), 150ms);
  EXPECT_EQ(call.conference.worker_stats().refused.srtp, 0u);
  call.expect_the_others_noticed_nothing();
}

TEST(Rollover, MakesNothingNewOfWhatWasSentARoundAgo) {
  constexpr std::size_t kRepeated = 200;
  FastCall call;
  const Endpoint& camera = call.publisher->browser->send_endpoint();
  std::vector<std::vector<std::uint8_t>> old;
  const std::uint32_t began = call.sender().packets_sent();
  call.conference.network().set_tap([&](Timestamp, const Path& path, Bytes datagram) {
    const bool is_media = datagram[0] >= 128 && !rtcp::looks_like_rtcp(datagram);
    if (path.remote == camera && is_media && old.size() < kRepeated)
      old.emplace_back(datagram.begin(), datagram.end());
  });
  call.run_until_sent(began + kRound);
  ASSERT_EQ(old.size(), kRepeated);
  EXPECT_EQ(call.conference.worker_stats().refused.srtp, 0u);
  const auto before = call.video().packets();
  const auto sent_before = call.sender().packets_sent();
  for (const auto& datagram : old)
    call.conference.network().inject({camera, {call.conference.server_address(), 40000}}, datagram);
  call.conference.run_for(1s);
  EXPECT_EQ(call.conference.worker_stats().refused.srtp, kRepeated);
  EXPECT_LE(call.video().packets() - before, call.sender().packets_sent() - sent_before + 200);
  EXPECT_LT(call.video().longest_gap(call.conference.now()), 150ms);
  call.expect_the_others_noticed_nothing();
}

}  // namespace
}  // namespace sfu::sim

#include <array>

#include "rtcp/pli.h"
#include "tests/scenario/attack.h"

// Forged, repeated and reordered packets along paths that ICE has let in.

namespace sfu::sim {
namespace {

bool is_media(Bytes datagram) { return datagram[0] >= 128; }

TEST(SrtpAttack, ForgedPacketsOfEachKindAreRefusedAndTheirVictimFlows) {
  attack(
      [](AttackScene& scene, int) {
        const Endpoint& path = scene.victor->browser->send_endpoint();
        for (int i = 0; i < 20; ++i) {
          Datagram forged(40 + scene.random() % 1000);
          for (auto& byte : forged) byte = static_cast<std::uint8_t>(scene.random());
          forged[0] = 0x80;
          forged[1] = i % 2 == 0 ? 101 : 200;  // VP8, or a sender report.
          scene.inject(path, forged);
        }
        // True headers over false payloads, so that what the server knows of the stream is met.
        for (const auto& seen : scene.seen) {
          if (seen.path.remote != path || !is_media(seen.bytes) || scene.random() % 50 != 0)
            continue;
          Datagram forged = seen.bytes;
          store_be16(forged, 2, static_cast<std::uint16_t>(load_be16(forged, 2) + 500));
          scene.inject(path, forged);
        }
      },
      [](AttackScene& scene) {
        EXPECT_GE(scene.refused().srtp, 20u * kAttackSteps);
        EXPECT_EQ(scene.refused().floods, 0u) << "what is not authentic spends nothing";
        EXPECT_EQ(scene.lines("sends what is refused"), 1u);
        expect_flow(scene);
      });
}

TEST(SrtpAttack, RepeatedPacketsAreTakenOnce) {
  attack(
      [](AttackScene& scene, int) {
        for (const auto& seen : scene.seen) {
          if (!is_media(seen.bytes) || scene.random() % 20 != 0) continue;
          if (seen.path.remote.ip == scene.victor->browser->address())
            scene.inject(seen.path.remote, seen.bytes);
        }
      },
      [](AttackScene& scene) {
        EXPECT_GT(scene.refused().srtp, 1000u);
        expect_flow(scene);
        EXPECT_EQ(scene.mallory->browser->nacks_received(), 0u);
        EXPECT_EQ(scene.victor->browser->nacks_received(), 0u);
      });
}

/// Key frames are not to be had by repeating what once asked for one.
TEST(SrtpAttack, ARepeatedRequestForAKeyFrameIsNotHeard) {
  AttackScene scene;
  Datagram request;
  scene.conference.network().set_tap([&](Timestamp, const Path& path, Bytes datagram) {
    if (path.remote == scene.mallory->browser->receive_endpoint() &&
        path.local.ip == scene.conference.server_address() && rtcp::looks_like_rtcp(datagram) &&
        datagram[1] == 206)
      request.assign(datagram.begin(), datagram.end());
  });
  std::array<std::uint8_t, 100> buffer;
  rtcp::CompoundBuilder builder(buffer);
  const Ssrc media = Conference::viewed(*scene.mallory, *scene.victor, ortc::MediaKind::Video).ssrc;
  rtcp::append_pli(builder, {Ssrc{1}, media});
  scene.mallory->browser->forge_viewer_rtcp(builder.bytes());
  scene.conference.run_for(2s);
  ASSERT_FALSE(request.empty());
  const auto before = scene.victor->browser->plis_received();
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 100; ++i) {
    scene.inject(scene.mallory->browser->receive_endpoint(), request);
    scene.conference.run_for(20ms);
  }
  EXPECT_EQ(scene.victor->browser->plis_received(), before);
  EXPECT_GE(scene.refused().srtp, 100u);
}

TEST(SrtpAttack, AWayThatReordersAndRepeatsEverythingLosesNoPicture) {
  attack(
      [](AttackScene& scene, int step) {
        if (step != 0) return;
        const Link wild{.delay = 20ms, .jitter = 60ms, .duplication = 1.0};
        const IpAddress& server = scene.conference.server_address();
        scene.conference.network().set_link(scene.victor->browser->address(), server, wild);
        scene.conference.network().set_link(server, scene.victor->browser->address(), wild);
      },
      [](AttackScene& scene) {
        EXPECT_GT(scene.refused().srtp, 200u);
        for (Member* member : {scene.victor, scene.mallory})
          for (StreamReceiver& receiver : member->browser->receivers()) {
            EXPECT_THAT(receiver.complaints(), IsEmpty());
            EXPECT_LT(receiver.longest_gap(scene.conference.now()), 400ms);
          }
      });
}

}  // namespace
}  // namespace sfu::sim

#include <array>

#include "media/codec_table.h"
#include "rtcp/fir.h"
#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtp/extension_values.h"
#include "rtp/packet_writer.h"
#include "sim/publisher_parameters.h"
#include "tests/scenario/attack.h"
#include "transport/offender_watch.h"

// What one may send who has keys: Mallory's packets are authentic, and not what they should be.

namespace sfu::sim {
namespace {

struct Names {
  std::string mid = {};
  std::string rid = {};
  Datagram descriptor = {};  // The dependency descriptor's bytes.
};

/// A packet under the ids of sim::publisher_parameters().
Datagram packet(std::uint32_t ssrc, std::uint16_t number, std::uint8_t payload_type, Bytes payload,
                const Names& names = {}) {
  const rtp::ExtensionMap& ids = media::extension_map(publisher_parameters(MediaKind::Video, "0"));
  std::vector<rtp::HeaderExtension> extensions;
  if (!names.mid.empty())
    extensions.push_back({ids.id(rtp::ExtensionKind::Mid), as_bytes(names.mid)});
  if (!names.rid.empty())
    extensions.push_back({ids.id(rtp::ExtensionKind::Rid), as_bytes(names.rid)});
  if (!names.descriptor.empty())
    extensions.push_back({ids.id(rtp::ExtensionKind::DependencyDescriptor), names.descriptor});
  std::array<std::uint8_t, 512> header;
  const auto size = rtp::write_header({.marker = true,
                                       .payload_type = payload_type,
                                       .sequence_number = number,
                                       .timestamp = number * 3000u,
                                       .ssrc = Ssrc{ssrc}},
                                      extensions, header);
  Datagram whole(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(*size));
  whole.insert(whole.end(), payload.begin(), payload.end());
  return whole;
}

Datagram noise(AttackScene& scene, std::size_t size) {
  Datagram bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(scene.random());
  return bytes;
}

/// A receiver's estimate (draft-alvestrand-rmcat-remb-03 §2.2) of all these bits of exponent and
/// mantissa, for one stream many times.
void append_remb(rtcp::CompoundBuilder& builder, std::uint32_t rate_bits, std::uint8_t count,
                 Ssrc stream) {
  constexpr std::uint8_t kApplicationLayerFormat = 15;  // RFC 4585 §6.4
  const MutableBytes body = builder.open(rtcp::PacketType::PayloadSpecificFeedback,
                                         kApplicationLayerFormat, 16u + 4u * count);
  ASSERT_FALSE(body.empty());
  store_be32(body, 0, 1);  // Whoever sends it.
  store_be32(body, 4, 0);
  std::ranges::copy(as_bytes("REMB"), body.begin() + 8);
  body[12] = count;
  store_be24(body, 13, rate_bits);
  for (std::size_t at = 16; at < body.size(); at += 4) store_be32(body, at, stream.value);
}

Ssrc victors_video(AttackScene& scene) {
  return Conference::viewed(*scene.mallory, *scene.victor, MediaKind::Video).ssrc;
}

core::TransportStats of(AttackScene& scene, TransportId transport) {
  return scene.conference.transport_stats(transport);
}

/// Victor goes on to be seen and heard, whatever became of Mallory's own streams.
void expect_victor_flows(AttackScene& scene) {
  for (const MediaKind kind : {MediaKind::Audio, MediaKind::Video}) {
    StreamReceiver& receiver = *Conference::viewed(*scene.mallory, *scene.victor, kind).receiver;
    EXPECT_LT(receiver.longest_gap(scene.conference.now()), 150ms);
    EXPECT_THAT(receiver.complaints(), IsEmpty());
  }
}

/// One camera's history fills up: 2048 buffers of 2 KiB, and as many again on their way.
constexpr std::int64_t kGrowthOfAHistory = 8 * 1024 * 1024;

constexpr std::uint8_t kVp8 = 101;
constexpr std::uint8_t kVp8Rtx = 102;

TEST(EndlessStreams, OfNewSsrcsMidsAndRidsAreBoundedAndRefused) {
  attack(
      [](AttackScene& scene, int step) {
        for (std::uint32_t i = 0; i < 20; ++i) {
          const std::uint32_t n = static_cast<std::uint32_t>(step) * 20 + i;
          const Names names{"m" + std::to_string(n), i % 2 == 0 ? "r" + std::to_string(n) : ""};
          scene.mallory->browser->forge_rtp(
              packet(0x5000'0000 + n, 1, kVp8, noise(scene, 100), i % 4 == 3 ? Names{} : names));
        }
      },
      [](AttackScene& scene) {
        // 4096 SSRCs of hers were authentic, the rest is past what SRTP keeps of one peer.
        EXPECT_GT(scene.refused().streams, 3500u);
        EXPECT_GT(scene.refused().srtp, 1000u);
        EXPECT_EQ(scene.lines("sends what is refused"), 1u);
        expect_victor_flows(scene);
      },
      kGrowthOfStreams);
}

/// Each packet claims her own camera for another SSRC: her picture suffers, nobody else's.
TEST(EndlessStreams, UnderHerOwnMidDisplaceOnlyHerOwn) {
  attack(
      [](AttackScene& scene, int step) {
        for (std::uint32_t i = 0; i < 10; ++i)
          scene.mallory->browser->forge_rtp(packet(0x5000'0000 + static_cast<std::uint32_t>(step),
                                                   static_cast<std::uint16_t>(i), kVp8,
                                                   noise(scene, 100), {"1", ""}));
      },
      [](AttackScene& scene) {
        expect_victor_flows(scene);
        EXPECT_LE(of(scene, scene.mallory->send).producers.size(), 2u);
      });
}

class CodecMutation : public testing::TestWithParam<std::string_view> {};

/// Mallory has one more camera, whose packets are noise; those of the camera itself are of another
/// codec than they are said to be. fuzz/rtp_codec_fuzz and fuzz/worker_core_fuzz go further.
TEST_P(CodecMutation, OfPayloadsAndDescriptorsDisturbsNobody) {
  attack(
      [](AttackScene& scene, int step) {
        if (step == 0)
          scene.conference.publish(*scene.mallory, {.audio = false, .video_codec = GetParam()});
        const StreamSender::Options& camera = scene.mallory->browser->senders().back().options();
        for (std::uint32_t i = 0; i < 20; ++i) {
          const auto number = static_cast<std::uint16_t>(20'000 + step * 20 + static_cast<int>(i));
          const Names names{.descriptor = noise(scene, scene.random() % 16)};
          scene.mallory->browser->forge_rtp(packet(camera.ssrc.value, number, camera.payload_type,
                                                   noise(scene, scene.random() % 60), names));
        }
      },
      [](AttackScene& scene) {
        expect_victor_flows(scene);
        const auto camera = of(scene, scene.mallory->send).producers.back().streams.front();
        EXPECT_EQ(camera.mime_type, GetParam());
        EXPECT_GT(camera.packets, 200u);
      },
      kGrowthOfAHistory);
}

INSTANTIATE_TEST_SUITE_P(Of, CodecMutation,
                         testing::Values("video/VP8", "video/VP9", "video/H264", "video/AV1"),
                         [](const auto& codec) {
                           return std::string(codec.param.substr(codec.param.find('/') + 1));
                         });

TEST(Storm, OfNacksIsAnsweredWithinTheBudget) {
  std::uint64_t before = 0;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) before = of(scene, scene.mallory->receive).rtx_bytes_sent;
        for (int i = 0; i < 20; ++i) {
          std::array<std::uint8_t, 1200> buffer;
          rtcp::CompoundBuilder builder(buffer);
          std::vector<std::uint16_t> lost(200);
          const auto base = static_cast<std::uint16_t>(scene.random());
          for (std::size_t k = 0; k < lost.size(); ++k)
            lost[k] = static_cast<std::uint16_t>(base + k);
          rtcp::append_nack(builder, Ssrc{1}, victors_video(scene), lost);
          scene.mallory->browser->forge_viewer_rtcp(builder.bytes());
        }
      },
      [&](AttackScene& scene) {
        const core::TransportStats stats = of(scene, scene.mallory->receive);
        // The reserve of 256 KiB and half of what is forwarded.
        EXPECT_LT(stats.rtx_bytes_sent - before, 256 * 1024 + stats.rtp_bytes_sent / 2);
        expect_victor_flows(scene);
      });
}

TEST(Storm, OfPlisAndFirsCostsTheSenderTwoKeyFramesASecond) {
  std::uint64_t before = 0;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) before = scene.victor->browser->plis_received();
        for (int i = 0; i < 40; ++i) {
          std::array<std::uint8_t, 1200> buffer;
          rtcp::CompoundBuilder builder(buffer);
          const Ssrc media = victors_video(scene);
          const auto n = static_cast<std::uint8_t>(i);
          if (i % 2 == 0)
            rtcp::append_pli(builder, {Ssrc{1}, media});
          else
            rtcp::append_fir(builder, Ssrc{1}, std::vector<rtcp::FirEntry>(50, {media, n}));
          scene.mallory->browser->forge_viewer_rtcp(builder.bytes());
        }
      },
      [&](AttackScene& scene) {
        EXPECT_LE(scene.victor->browser->plis_received() - before, 7u);
        expect_victor_flows(scene);
      });
}

/// Of numbers that came long ago or never will, and of the latest, which came: none is missing.
TEST(Storm, OfRtxRepairsNothingAndIsNotForwarded) {
  std::uint64_t before = 0;
  std::uint16_t newest = 0;
  attack(
      [&](AttackScene& scene, int step) {
        const auto& sender = Conference::video_sender(*scene.mallory).options();
        if (step == 0) {
          before = of(scene, scene.victor->receive).rtp_bytes_sent;
          scene.mallory->browser->lose_sent([&newest, camera = sender.ssrc](const auto& packet) {
            if (packet.ssrc() == camera) newest = packet.sequence_number();
            return false;
          });
        }
        for (int i = 0; i < 20; ++i) {
          Datagram payload = noise(scene, 2 + scene.random() % 900);
          if (i % 2 == 0) store_be16(payload, 0, static_cast<std::uint16_t>(newest - 10 - i));
          scene.mallory->browser->forge_rtp(
              packet(sender.rtx_ssrc->value, static_cast<std::uint16_t>(20'000 + step * 20 + i),
                     kVp8Rtx, payload));
        }
      },
      [&](AttackScene& scene) {
        const auto stats = of(scene, scene.mallory->send);
        EXPECT_GT(stats.rtx_bytes_received, 1'000'000u);
        EXPECT_LT(of(scene, scene.victor->receive).rtp_bytes_sent - before, 100'000u);
        expect_victor_flows(scene);
      });
}

TEST(AbsurdFeedback, OfBandwidthAndArrivalsChangesNothing) {
  attack(
      [](AttackScene& scene, int step) {
        for (int i = 0; i < 20; ++i) {
          std::array<std::uint8_t, 1200> buffer;
          rtcp::CompoundBuilder builder(buffer);
          if (i % 2 == 0) {
            const std::uint32_t rates[] = {0, 1, 0xff'ffff};
            append_remb(builder, rates[(step + i) % 3], 200, victors_video(scene));
            scene.mallory->browser->forge_viewer_rtcp(builder.bytes());
            continue;
          }
          // Transport-wide feedback on numbers that were never sent, of random chunks and deltas.
          Datagram feedback = noise(scene, 20 + 4 * (scene.random() % 200));
          feedback[0] = 0x80 | 15;
          feedback[1] = 205;
          store_be16(feedback, 2, static_cast<std::uint16_t>(feedback.size() / 4 - 1));
          if (i % 4 == 1) {
            store_be16(feedback, 14, 0xffff);  // Count of packets.
            feedback[20 % feedback.size()] = 0x1f;
          }
          scene.mallory->browser->forge_viewer_rtcp(feedback);
          scene.mallory->browser->forge_publisher_rtcp(feedback);
        }
      },
      [](AttackScene& scene) { expect_flow(scene); }, kGrowthOfStreams);
}

/// Numbers all over the circle, each of which opens a gap of thousands.
TEST(AbsurdFeedback, ThatHerOwnNumbersAskForIsNoLargerThanWhatSheSends) {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) {
          received = of(scene, scene.mallory->send).bytes_received;
          sent = of(scene, scene.mallory->send).bytes_sent;
        }
        const auto& sender = Conference::video_sender(*scene.mallory).options();
        for (int i = 0; i < 20; ++i) {
          std::array<std::uint8_t, 2> number;
          store_be16(number, 0, static_cast<std::uint16_t>(scene.random()));
          const std::vector<rtp::HeaderExtension> extensions = {
              {sender.extensions.id(rtp::ExtensionKind::TransportCc), number}};
          std::array<std::uint8_t, 100> header;
          const auto size =
              rtp::write_header({.payload_type = kVp8,
                                 .sequence_number = static_cast<std::uint16_t>(step * 20 + i),
                                 .ssrc = Ssrc{4711}},
                                extensions, header);
          scene.mallory->browser->forge_rtp(Bytes(header).first(*size));
        }
      },
      [&](AttackScene& scene) {
        const core::TransportStats stats = of(scene, scene.mallory->send);
        EXPECT_LE(stats.bytes_sent - sent, stats.bytes_received - received);
        expect_victor_flows(scene);
      });
}

TEST(AbsurdReports, OfTimesLossesAndRoundTripsChangeNothing) {
  attack(
      [](AttackScene& scene, int) {
        for (const int type : {200, 201, 202, 203, 204, 205, 206, 207, 208})
          for (int i = 0; i < 4; ++i) {
            Datagram report = noise(scene, 8 + 4 * (scene.random() % 60));
            report[0] = static_cast<std::uint8_t>(0x80 | (report[0] & 31));
            report[1] = static_cast<std::uint8_t>(type);
            store_be16(report, 2, static_cast<std::uint16_t>(report.size() / 4 - 1));
            const Ssrc about = i % 2 == 0 ? victors_video(scene)
                                          : Conference::video_sender(*scene.mallory).options().ssrc;
            store_be32(report, 4, about.value);
            if (report.size() >= 12) store_be32(report, 8, about.value);
            scene.mallory->browser->forge_viewer_rtcp(report);
            scene.mallory->browser->forge_publisher_rtcp(report);
          }
      },
      [](AttackScene& scene) {
        EXPECT_GT(scene.refused().malformed, 1000u);
        EXPECT_LE(scene.lines("sends what is refused"), 2u);
        expect_victor_flows(scene);
      });
}

/// Hundreds of times what a camera sends. Her viewers get no more than one peer may send, and
/// nobody else anything.
TEST(Flood, OfAValidUsersMediaCostsOnlyHerOwnStreams) {
  constexpr int kPackets = 600;  // Each 10 ms: 60,000 in a second, 480 Mbit/s.
  std::uint64_t before = 0;
  std::uint64_t sent = 0;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) before = of(scene, scene.victor->receive).packets_sent;
        const Ssrc camera = Conference::video_sender(*scene.mallory).options().ssrc;
        Datagram payload(1000, 0x10);
        for (int i = 0; i < kPackets; ++i)
          scene.mallory->browser->forge_rtp(
              packet(camera.value, static_cast<std::uint16_t>(sent++), kVp8, payload));
      },
      [&](AttackScene& scene) {
        constexpr std::uint64_t kSeconds = 4;
        constexpr std::uint64_t kMost = kSeconds * 10 * transport::FloodGate::kMaxInWindow;
        EXPECT_GT(scene.refused().floods, 20'000u);
        EXPECT_LT(of(scene, scene.victor->receive).packets_sent - before, kMost);
        EXPECT_EQ(scene.lines("sends what is refused"), 1u);
        expect_victor_flows(scene);
      },
      kGrowthOfAHistory);
}

}  // namespace
}  // namespace sfu::sim

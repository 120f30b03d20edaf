#include "ortc/router_capabilities.h"

#include <utility>

#include "rtp/header_extensions.h"

namespace sfu::ortc {
namespace {

constexpr std::int64_t kStartBitrateKbps = 1000;

std::vector<RtcpFeedback> video_feedback() {
  return {{"nack", ""}, {"nack", "pli"}, {"ccm", "fir"}, {"goog-remb", ""}, {"transport-cc", ""}};
}

RtpCodecCapability opus() {
  return {.kind = MediaKind::Audio,
          .mime_type = "audio/opus",
          .preferred_payload_type = 100,
          .clock_rate = 48000,
          .channels = 2,
          // A sender encodes forward error correction only where its answer asks for it (RFC 7587
          // §6.1).
          .parameters = {{"minptime", std::int64_t{10}}, {"useinbandfec", std::int64_t{1}}},
          .rtcp_feedback = {{"nack", ""}, {"transport-cc", ""}}};
}

/// A video codec, and the RTX codec that repairs it one payload type above.
void add_video(RtpCapabilities& capabilities, std::uint8_t payload_type, const char* mime_type,
               CodecSpecificParameters parameters) {
  parameters.emplace("x-google-start-bitrate", kStartBitrateKbps);
  capabilities.codecs.push_back({.kind = MediaKind::Video,
                                 .mime_type = mime_type,
                                 .preferred_payload_type = payload_type,
                                 .clock_rate = 90000,
                                 .parameters = std::move(parameters),
                                 .rtcp_feedback = video_feedback()});
  capabilities.codecs.push_back(
      {.kind = MediaKind::Video,
       .mime_type = "video/rtx",
       .preferred_payload_type = static_cast<std::uint8_t>(payload_type + 1),
       .clock_rate = 90000,
       .parameters = {{"apt", std::int64_t{payload_type}}},
       .rtcp_feedback = {}});
}

CodecSpecificParameters h264(const char* profile_level_id) {
  return {{"packetization-mode", std::int64_t{1}},
          {"level-asymmetry-allowed", std::int64_t{1}},
          {"profile-level-id", profile_level_id}};
}

enum class For : std::uint8_t { Audio, Video, Both };

void add_extension(RtpCapabilities& capabilities, For kinds, rtp::ExtensionKind extension,
                   std::uint8_t id, ExtensionDirection direction = ExtensionDirection::SendRecv) {
  const std::string uri(rtp::uri_of(extension));
  if (kinds != For::Video)
    capabilities.header_extensions.push_back({MediaKind::Audio, uri, id, false, direction});
  if (kinds != For::Audio)
    capabilities.header_extensions.push_back({MediaKind::Video, uri, id, false, direction});
}

RtpCapabilities make() {
  RtpCapabilities capabilities;
  capabilities.codecs.push_back(opus());
  add_video(capabilities, 101, "video/VP8", {});
  add_video(capabilities, 103, "video/VP9", {{"profile-id", std::int64_t{2}}});
  add_video(capabilities, 105, "video/H264", h264("4d0032"));
  add_video(capabilities, 107, "video/H264", h264("42e01f"));
  add_video(capabilities, 109, "video/VP9", {{"profile-id", std::int64_t{0}}});
  add_video(capabilities, 111, "video/AV1", {});

  using enum rtp::ExtensionKind;
  constexpr auto kFromSenders = ExtensionDirection::RecvOnly;
  add_extension(capabilities, For::Both, Mid, 1);
  add_extension(capabilities, For::Video, Rid, 2, kFromSenders);
  add_extension(capabilities, For::Video, RepairedRid, 3, kFromSenders);
  add_extension(capabilities, For::Both, AbsSendTime, 4);
  add_extension(capabilities, For::Audio, TransportCc, 5, kFromSenders);
  add_extension(capabilities, For::Video, TransportCc, 5);
  add_extension(capabilities, For::Video, DependencyDescriptor, 8);
  add_extension(capabilities, For::Audio, AudioLevel, 10);
  add_extension(capabilities, For::Video, VideoOrientation, 11);
  add_extension(capabilities, For::Video, TimeOffset, 12);
  add_extension(capabilities, For::Both, AbsCaptureTime, 13);
  add_extension(capabilities, For::Both, PlayoutDelay, 14);
  return capabilities;
}

}  // namespace

const RtpCapabilities& router_capabilities() {
  static const RtpCapabilities capabilities = make();
  return capabilities;
}

}  // namespace sfu::ortc

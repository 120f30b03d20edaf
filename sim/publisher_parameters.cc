#include "sim/publisher_parameters.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "ortc/router_capabilities.h"

namespace sfu::sim {
namespace {

const ortc::RtpCodecCapability& codec_capability(std::string_view mime_type) {
  for (const auto& codec : ortc::router_capabilities().codecs)
    if (codec.mime_type == mime_type) return codec;
  SFU_CHECK(false && "no such codec");
}

}  // namespace

ortc::RtpParameters publisher_parameters(ortc::MediaKind kind, std::string mid,
                                         std::string_view video_codec) {
  ortc::RtpParameters parameters;
  parameters.mid = std::move(mid);
  const bool video = kind == ortc::MediaKind::Video;
  const auto& codec = codec_capability(video ? video_codec : "audio/opus");
  parameters.codecs.push_back({.mime_type = codec.mime_type,
                               .payload_type = codec.preferred_payload_type,
                               .clock_rate = codec.clock_rate,
                               .channels = codec.channels,
                               .parameters = codec.parameters,
                               .rtcp_feedback = codec.rtcp_feedback});
  if (video) {
    ortc::RtpCodecParameters rtx;
    rtx.mime_type = "video/rtx";
    rtx.payload_type = static_cast<std::uint8_t>(codec.preferred_payload_type + 1);
    rtx.clock_rate = 90'000;
    rtx.parameters["apt"] = std::int64_t{codec.preferred_payload_type};
    parameters.codecs.push_back(rtx);
  }
  for (const auto& extension : ortc::router_capabilities().header_extensions)
    if (extension.kind == kind)
      parameters.header_extensions.push_back({extension.uri, extension.preferred_id, false});
  return parameters;
}

}  // namespace sfu::sim

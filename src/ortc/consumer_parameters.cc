#include "ortc/consumer_parameters.h"

#include <algorithm>

#include "ortc/match.h"
#include "ortc/producer_parameters.h"
#include "rtp/header_extensions.h"

namespace sfu::ortc {
namespace {

/// mediasoup-client receives probation packets of this one.
constexpr Ssrc kProbatorSsrc{1234};

const RtpCodecCapability* client_codec(const RtpCapabilities& client,
                                       const RtpCodecParameters& codec) {
  for (const auto& candidate : client.codecs)
    if (!is_rtx(candidate.mime_type) && same_codec(identity_of(candidate), identity_of(codec)))
      return &candidate;
  return nullptr;
}

/// The client's RTX for a codec of its own. A client that leaves payload types out, as the server
/// chooses them anyway, is taken at its word that it has RTX.
bool has_rtx_for(const RtpCapabilities& client, const RtpCodecCapability& codec) {
  return std::any_of(client.codecs.begin(), client.codecs.end(), [&](const auto& candidate) {
    if (!is_rtx(candidate.mime_type) || candidate.kind != codec.kind) return false;
    const auto repaired = associated_payload_type(candidate.parameters);
    return repaired == codec.preferred_payload_type ||
           (codec.preferred_payload_type == 0 && repaired.value_or(0) <= 0);
  });
}

bool has_extension(const std::vector<RtpHeaderExtensionParameters>& extensions,
                   rtp::ExtensionKind kind) {
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const auto& extension) { return extension.uri == rtp::uri_of(kind); });
}

std::vector<RtpHeaderExtensionParameters> shared_extensions(const RtpParameters& consumable,
                                                            const RtpCapabilities& client,
                                                            MediaKind kind) {
  std::vector<RtpHeaderExtensionParameters> shared;
  for (const auto& extension : consumable.header_extensions) {
    const bool is_known = std::any_of(client.header_extensions.begin(),
                                      client.header_extensions.end(), [&](const auto& known) {
                                        return known.kind == kind && known.uri == extension.uri &&
                                               known.preferred_id == extension.id &&
                                               (known.direction == ExtensionDirection::SendRecv ||
                                                known.direction == ExtensionDirection::RecvOnly);
                                      });
    if (is_known) shared.push_back(extension);
  }
  return shared;
}

/// One end estimates the bandwidth: with transport-cc the sender, with abs-send-time alone the
/// receiver, which says so in REMB.
bool keeps_feedback(const RtcpFeedback& feedback, MediaKind kind, bool transport_cc,
                    bool abs_send_time) {
  if (feedback.type == "goog-remb") return !transport_cc && abs_send_time;
  if (feedback.type == "transport-cc") return transport_cc;
  if (feedback.type == "nack" && feedback.parameter.empty()) return kind == MediaKind::Video;
  return true;
}

std::optional<std::string> consumer_scalability_mode(const RtpParameters& consumable) {
  std::optional<std::string> mode;
  for (const auto& encoding : consumable.encodings)
    if (!mode) mode = encoding.scalability_mode;
  if (consumable.encodings.size() < 2) return mode;
  return "L" + std::to_string(consumable.encodings.size()) + "T" +
         std::to_string(parse_scalability_mode(mode.value_or("")).temporal_layers);
}

}  // namespace

Ssrc SsrcAllocator::take() {
  for (;;) {
    const Ssrc ssrc{random_.next_u32()};
    if (ssrc.value != 0 && ssrc != kProbatorSsrc && taken_.insert(ssrc).second) return ssrc;
  }
}

bool can_consume(const RtpParameters& consumable, const RtpCapabilities& client) {
  return !consumable.codecs.empty() && client_codec(client, consumable.codecs.front());
}

bool consumes_with_rtx(const RtpParameters& consumable, const RtpCapabilities& client) {
  if (consumable.codecs.size() < 2 || !is_rtx(consumable.codecs[1].mime_type)) return false;
  const auto* codec = client_codec(client, consumable.codecs.front());
  return codec && has_rtx_for(client, *codec);
}

std::optional<RtpParameters> make_consumer_parameters(const RtpParameters& consumable,
                                                      const RtpCapabilities& client,
                                                      std::string mid, Ssrc ssrc,
                                                      std::optional<Ssrc> rtx_ssrc) {
  if (!can_consume(consumable, client)) return std::nullopt;
  const MediaKind kind = kind_of_mime_type(consumable.codecs.front().mime_type);
  RtpParameters consumer;
  consumer.mid = std::move(mid);
  consumer.msid = consumable.msid;
  consumer.rtcp = {consumable.rtcp.cname, true};
  consumer.header_extensions = shared_extensions(consumable, client, kind);
  const bool transport_cc =
      has_extension(consumer.header_extensions, rtp::ExtensionKind::TransportCc);
  const bool abs_send_time =
      has_extension(consumer.header_extensions, rtp::ExtensionKind::AbsSendTime);

  const RtpCodecCapability* known = nullptr;  // The client's, of the media codec last looked at.
  for (const auto& codec : consumable.codecs) {
    if (is_rtx(codec.mime_type)) {
      if (known && has_rtx_for(client, *known)) consumer.codecs.push_back(codec);
      continue;
    }
    known = client_codec(client, codec);
    if (!known) continue;
    RtpCodecParameters spoken = codec;
    std::erase_if(spoken.rtcp_feedback, [&](const RtcpFeedback& feedback) {
      return !keeps_feedback(feedback, kind, transport_cc, abs_send_time) ||
             std::find(known->rtcp_feedback.begin(), known->rtcp_feedback.end(), feedback) ==
                 known->rtcp_feedback.end();
    });
    consumer.codecs.push_back(std::move(spoken));
  }
  RtpEncodingParameters encoding;
  encoding.ssrc = ssrc;
  encoding.rtx_ssrc = rtx_ssrc;
  encoding.scalability_mode = consumer_scalability_mode(consumable);
  consumer.encodings.push_back(std::move(encoding));
  return consumer;
}

}  // namespace sfu::ortc

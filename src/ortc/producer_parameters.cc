#include "ortc/producer_parameters.h"

#include <algorithm>
#include <set>

#include "ortc/json.h"
#include "ortc/match.h"
#include "rtp/header_extensions.h"

namespace sfu::ortc {
namespace {

using MaybeError = std::optional<ParametersError>;

ParametersError invalid(std::string detail) {
  return {ParametersError::Kind::Invalid, std::move(detail)};
}
ParametersError unsupported(std::string detail) {
  return {ParametersError::Kind::Unsupported, std::move(detail)};
}
std::string at(const char* list, std::size_t index) {
  return std::string("rtpParameters.") + list + "[" + std::to_string(index) + "]";
}

const RtpCodecParameters* codec_of(const RtpParameters& parameters, std::int64_t payload_type) {
  for (const auto& codec : parameters.codecs)
    if (codec.payload_type == payload_type) return &codec;
  return nullptr;
}

/// RFC 5761 §4: with RTP and RTCP on one port these would be read as RTCP.
bool collides_with_rtcp(std::uint8_t payload_type) {
  return payload_type >= 64 && payload_type <= 95;
}

MaybeError check_codecs(MediaKind kind, const RtpParameters& parameters) {
  std::set<std::uint8_t> payload_types;
  bool has_media = false;
  for (std::size_t i = 0; i < parameters.codecs.size(); ++i) {
    const RtpCodecParameters& codec = parameters.codecs[i];
    if (kind_of_mime_type(codec.mime_type) != kind)
      return invalid(at("codecs", i) + ".mimeType is " + codec.mime_type + ", but kind is " +
                     std::string(to_string(kind)));
    if (collides_with_rtcp(codec.payload_type))
      return invalid(at("codecs", i) + ".payloadType must not be from 64 to 95 (RFC 5761)");
    if (!payload_types.insert(codec.payload_type).second)
      return invalid(at("codecs", i) + ".payloadType stands in another codec already");
    if (!is_rtx(codec.mime_type)) {
      has_media = true;
      continue;
    }
    const auto apt = associated_payload_type(codec.parameters);
    const auto* repaired = apt ? codec_of(parameters, *apt) : nullptr;
    if (!repaired || is_rtx(repaired->mime_type))
      return invalid(at("codecs", i) + ".parameters.apt must be the payload type of a codec here");
  }
  if (!has_media) return invalid("rtpParameters.codecs must have a codec that is not rtx");
  return std::nullopt;
}

MaybeError check_extensions(const RtpParameters& parameters) {
  std::set<std::uint8_t> ids;
  std::set<std::string_view> uris;
  for (std::size_t i = 0; i < parameters.header_extensions.size(); ++i) {
    const auto& extension = parameters.header_extensions[i];
    if (!ids.insert(extension.id).second)
      return invalid(at("headerExtensions", i) + ".id stands in another extension already");
    if (!uris.insert(extension.uri).second)
      return invalid(at("headerExtensions", i) + ".uri stands in another extension already");
    if (extension.encrypt)
      return unsupported(at("headerExtensions", i) +
                         ".encrypt: encrypted header extensions (RFC 6904) are not spoken here");
  }
  return std::nullopt;
}

bool has_extension(const RtpParameters& parameters, rtp::ExtensionKind kind) {
  return std::any_of(parameters.header_extensions.begin(), parameters.header_extensions.end(),
                     [&](const auto& extension) { return extension.uri == rtp::uri_of(kind); });
}

/// A stream whose SSRC is not said must be told by what its packets carry.
MaybeError check_can_be_found(const RtpParameters& parameters, std::size_t index) {
  const RtpEncodingParameters& encoding = parameters.encodings[index];
  if (encoding.ssrc) return std::nullopt;
  if (encoding.rid) {
    if (has_extension(parameters, rtp::ExtensionKind::Rid)) return std::nullopt;
    return invalid(at("encodings", index) +
                   " has a rid and no ssrc, so headerExtensions must have " +
                   std::string(rtp::uri_of(rtp::ExtensionKind::Rid)));
  }
  if (parameters.encodings.size() > 1)
    return invalid(at("encodings", index) + " must have a ssrc or a rid, as there are several");
  if (parameters.mid && has_extension(parameters, rtp::ExtensionKind::Mid)) return std::nullopt;
  return invalid(at("encodings", index) +
                 " must have a ssrc or a rid, or rtpParameters a mid and its header extension");
}

MaybeError check_encodings(const RtpParameters& parameters) {
  std::set<Ssrc> ssrcs;
  std::set<std::string> rids;
  for (std::size_t i = 0; i < parameters.encodings.size(); ++i) {
    const RtpEncodingParameters& encoding = parameters.encodings[i];
    if (encoding.codec_payload_type) {
      const auto* codec = codec_of(parameters, *encoding.codec_payload_type);
      if (!codec || is_rtx(codec->mime_type))
        return invalid(at("encodings", i) + ".codecPayloadType must be that of a codec here");
    }
    if (encoding.ssrc && !ssrcs.insert(*encoding.ssrc).second)
      return invalid(at("encodings", i) + ".ssrc stands in another encoding already");
    if (encoding.rtx_ssrc && !ssrcs.insert(*encoding.rtx_ssrc).second)
      return invalid(at("encodings", i) + ".rtx.ssrc stands in another encoding already");
    if (encoding.rid && !rids.insert(*encoding.rid).second)
      return invalid(at("encodings", i) + ".rid stands in another encoding already");
    if (auto error = check_can_be_found(parameters, i)) return error;
  }
  return std::nullopt;
}

const RtpCodecCapability* rtx_for(const RtpCapabilities& router, std::uint8_t payload_type) {
  for (const auto& codec : router.codecs)
    if (is_rtx(codec.mime_type) && associated_payload_type(codec.parameters) == payload_type)
      return &codec;
  return nullptr;
}

const RtpCodecCapability* router_codec(const RtpCapabilities& router,
                                       const RtpCodecParameters& codec) {
  for (const auto& candidate : router.codecs)
    if (!is_rtx(candidate.mime_type) && same_codec(identity_of(codec), identity_of(candidate)))
      return &candidate;
  return nullptr;
}

/// Adds `codec` in the router's words, with the RTX of the router: whether a viewer gets
/// retransmissions does not hang on whether the publisher sends some.
void add_consumable_codec(RtpParameters& consumable, const RtpCodecParameters& codec,
                          const RtpCodecCapability& router_codec,
                          const RtpCodecCapability* router_rtx) {
  consumable.codecs.push_back({.mime_type = router_codec.mime_type,
                               .payload_type = router_codec.preferred_payload_type,
                               .clock_rate = router_codec.clock_rate,
                               .channels = router_codec.channels,
                               .parameters = codec.parameters,
                               .rtcp_feedback = router_codec.rtcp_feedback});
  if (router_rtx)
    consumable.codecs.push_back({.mime_type = router_rtx->mime_type,
                                 .payload_type = router_rtx->preferred_payload_type,
                                 .clock_rate = router_rtx->clock_rate,
                                 .parameters = router_rtx->parameters,
                                 .rtcp_feedback = {}});
}

MaybeError map_codecs(const RtpParameters& parameters, const RtpCapabilities& router,
                      ProducerParameters& result) {
  std::map<std::int64_t, std::uint8_t> mapped;
  for (const auto& codec : parameters.codecs) {
    if (is_rtx(codec.mime_type)) continue;
    const auto* match = router_codec(router, codec);
    if (!match)
      return unsupported(codec.mime_type + " (payload type " + std::to_string(codec.payload_type) +
                         ") with these parameters is no codec of the router");
    mapped.emplace(codec.payload_type, match->preferred_payload_type);
    result.mapping.codecs.push_back({codec.payload_type, match->preferred_payload_type});
    const bool is_new = !codec_of(result.consumable, match->preferred_payload_type);
    if (is_new)
      add_consumable_codec(result.consumable, codec, *match,
                           rtx_for(router, match->preferred_payload_type));
  }
  for (const auto& codec : parameters.codecs) {
    if (!is_rtx(codec.mime_type)) continue;
    const std::int64_t repaired = *associated_payload_type(codec.parameters);  // check_codecs().
    const auto* match = rtx_for(router, mapped[repaired]);
    if (!match)
      return unsupported("the router has no rtx for payload type " + std::to_string(repaired));
    result.mapping.codecs.push_back({codec.payload_type, match->preferred_payload_type});
  }
  return std::nullopt;
}

void map_extensions(MediaKind kind, const RtpCapabilities& router, RtpParameters& consumable) {
  for (const auto& extension : router.header_extensions) {
    const bool goes_to_viewers = extension.direction == ExtensionDirection::SendRecv ||
                                 extension.direction == ExtensionDirection::SendOnly;
    if (extension.kind == kind && goes_to_viewers)
      consumable.header_extensions.push_back(
          {extension.uri, extension.preferred_id, extension.preferred_encrypt});
  }
}

ProducerType type_of(const RtpParameters& parameters) {
  if (parameters.encodings.size() > 1) return ProducerType::Simulcast;
  const RtpEncodingParameters& encoding = parameters.encodings.front();
  const RtpCodecParameters& codec =
      encoding.codec_payload_type
          ? *codec_of(parameters, *encoding.codec_payload_type)
          : *std::find_if(parameters.codecs.begin(), parameters.codecs.end(),
                          [](const auto& c) { return !is_rtx(c.mime_type); });
  const bool codes_spatial_layers = equal_ignoring_case(codec.mime_type, "video/VP9") ||
                                    equal_ignoring_case(codec.mime_type, "video/AV1");
  const auto mode = parse_scalability_mode(encoding.scalability_mode.value_or(""));
  return codes_spatial_layers && mode.spatial_layers > 1 ? ProducerType::Svc : ProducerType::Simple;
}

/// Puts the codec that the encodings use first among the consumable ones: who cannot decode that
/// one cannot consume.
void put_used_codec_first(const ProducerParameters& producer, RtpParameters& consumable) {
  const auto& used = producer.own.encodings.front().codec_payload_type;
  if (!used) return;
  for (const auto& [own, mapped] : producer.mapping.codecs) {
    if (own != *used) continue;
    const auto first =
        std::find_if(consumable.codecs.begin(), consumable.codecs.end(),
                     [&](const auto& codec) { return codec.payload_type == mapped; });
    const bool with_rtx = first + 1 < consumable.codecs.end() && is_rtx((first + 1)->mime_type);
    std::rotate(consumable.codecs.begin(), first, first + (with_rtx ? 2 : 1));
    return;
  }
}

}  // namespace

Result<ProducerParameters, ParametersError> complete_producer_parameters(
    MediaKind kind, RtpParameters parameters, const RtpCapabilities& router,
    std::string_view cname) {
  if (parameters.encodings.empty()) parameters.encodings.emplace_back();
  if (kind == MediaKind::Audio && parameters.encodings.size() > 1)
    return fail(unsupported("rtpParameters.encodings must be one for audio"));
  if (auto error = check_codecs(kind, parameters)) return fail(*error);
  if (auto error = check_extensions(parameters)) return fail(*error);
  if (auto error = check_encodings(parameters)) return fail(*error);

  ProducerParameters result;
  if (auto error = map_codecs(parameters, router, result)) return fail(*error);
  map_extensions(kind, router, result.consumable);
  result.type = type_of(parameters);
  parameters.rtcp.cname = cname;
  for (const auto& encoding : parameters.encodings)
    result.consumable.encodings.emplace_back().scalability_mode = encoding.scalability_mode;
  result.consumable.msid = parameters.msid;
  result.consumable.rtcp = {std::string(cname), true};
  result.own = std::move(parameters);
  put_used_codec_first(result, result.consumable);
  return result;
}

ScalabilityMode parse_scalability_mode(std::string_view mode) {
  const auto digit = [&](std::size_t i) -> std::uint8_t {
    return i < mode.size() && mode[i] >= '1' && mode[i] <= '9'
               ? static_cast<std::uint8_t>(mode[i] - '0')
               : std::uint8_t{0};
  };
  const bool begins = !mode.empty() && (mode[0] == 'L' || mode[0] == 'S');
  if (!begins || digit(1) == 0 || mode.size() < 4 || mode[2] != 'T' || digit(3) == 0) return {};
  const std::string_view rest = mode.substr(4);
  if (!rest.empty() && rest != "h" && rest != "_KEY" && rest != "_KEY_SHIFT") return {};
  return {digit(1), digit(3), rest.starts_with("_KEY")};
}

}  // namespace sfu::ortc

#include "load/rtp_parameters.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

namespace sfu::load {
namespace {

namespace json = boost::json;
using rtp::ExtensionKind;

constexpr std::uint8_t kMid = 4;
constexpr std::uint8_t kRid = 10;
constexpr std::uint8_t kRepairedRid = 11;
constexpr std::uint8_t kAbsSendTime = 2;
constexpr std::uint8_t kTransportCc = 3;
constexpr std::uint8_t kAudioLevel = 1;

const json::object* object_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value ? value->if_object() : nullptr;
}

/// The objects of an array; what is none of either is passed over.
std::vector<const json::object*> objects_at(const json::object& in, std::string_view key) {
  std::vector<const json::object*> objects;
  const json::value* const value = in.if_contains(key);
  const json::array* const array = value ? value->if_array() : nullptr;
  if (!array) return objects;
  for (const json::value& element : *array)
    if (const json::object* object = element.if_object()) objects.push_back(object);
  return objects;
}

std::string text_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  boost::system::error_code error;
  const auto number = value ? value->to_number<std::uint64_t>(error) : 0;
  return error ? 0 : number;
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

json::array extension_list(const rtp::ExtensionMap& extensions) {
  json::array list;
  for (std::uint8_t id = 1; id <= rtp::kMaxOneByteId; ++id)
    if (const auto kind = extensions.kind(id))
      list.push_back(json::object{{"uri", rtp::uri_of(*kind)},
                                  {"id", id},
                                  {"encrypt", false},
                                  {"parameters", json::object()}});
  return list;
}

json::array feedback_list(bool is_audio) {
  const json::object transport_cc{{"type", "transport-cc"}, {"parameter", ""}};
  if (is_audio) return {transport_cc};
  return {json::object{{"type", "goog-remb"}, {"parameter", ""}}, transport_cc,
          json::object{{"type", "ccm"}, {"parameter", "fir"}},
          json::object{{"type", "nack"}, {"parameter", ""}},
          json::object{{"type", "nack"}, {"parameter", "pli"}}};
}

json::array codec_list(bool is_audio) {
  if (is_audio)
    return {json::object{{"mimeType", "audio/opus"},
                         {"payloadType", kOpusPayloadType},
                         {"clockRate", 48000},
                         {"channels", 2},
                         {"parameters", {{"minptime", 10}, {"useinbandfec", 1}, {"usedtx", 1}}},
                         {"rtcpFeedback", feedback_list(true)}}};
  return {json::object{{"mimeType", "video/VP8"},
                       {"payloadType", kVp8PayloadType},
                       {"clockRate", 90000},
                       {"parameters", json::object()},
                       {"rtcpFeedback", feedback_list(false)}},
          json::object{{"mimeType", "video/rtx"},
                       {"payloadType", kRtxPayloadType},
                       {"clockRate", 90000},
                       {"parameters", {{"apt", kVp8PayloadType}}},
                       {"rtcpFeedback", json::array()}}};
}

json::array encoding_list(bool is_audio, const std::vector<SentEncoding>& encodings) {
  json::array list;
  for (const SentEncoding& encoding : encodings) {
    json::object one{{"dtx", is_audio}};
    if (!encoding.rid.empty()) {
      one["rid"] = encoding.rid;
      one["active"] = true;
    } else {
      one["ssrc"] = encoding.ssrc.value;
      if (!is_audio) one["rtx"] = json::object{{"ssrc", encoding.rtx_ssrc.value}};
    }
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

rtp::ExtensionMap video_extensions() {
  rtp::ExtensionMap map;
  map.add(kMid, ExtensionKind::Mid);
  map.add(kRid, ExtensionKind::Rid);
  map.add(kRepairedRid, ExtensionKind::RepairedRid);
  map.add(kAbsSendTime, ExtensionKind::AbsSendTime);
  map.add(kTransportCc, ExtensionKind::TransportCc);
  return map;
}

rtp::ExtensionMap audio_extensions() {
  rtp::ExtensionMap map;
  map.add(kMid, ExtensionKind::Mid);
  map.add(kAbsSendTime, ExtensionKind::AbsSendTime);
  map.add(kTransportCc, ExtensionKind::TransportCc);
  map.add(kAudioLevel, ExtensionKind::AudioLevel);
  return map;
}

json::object producer_request(bool is_audio, const std::string& mid, const std::string& cname,
                              const std::vector<SentEncoding>& encodings) {
  const auto extensions = extension_list(is_audio ? audio_extensions() : video_extensions());
  return {{"kind", is_audio ? "audio" : "video"},
          {"rtpParameters", json::object{{"mid", mid},
                                         {"codecs", codec_list(is_audio)},
                                         {"headerExtensions", extensions},
                                         {"encodings", encoding_list(is_audio, encodings)},
                                         {"rtcp", {{"cname", cname}, {"reducedSize", true}}}}},
          {"appData", json::object()}};
}

json::object receive_capabilities(const json::object& router_capabilities) {
  json::array codecs;
  std::vector<std::uint64_t> taken;
  for (const json::object* codec : objects_at(router_capabilities, "codecs")) {
    const std::string type = lower_case(text_at(*codec, "mimeType"));
    if (type != "video/vp8" && type != "audio/opus") continue;
    taken.push_back(number_at(*codec, "preferredPayloadType"));
    codecs.push_back(*codec);
  }
  for (const json::object* codec : objects_at(router_capabilities, "codecs")) {
    if (lower_case(text_at(*codec, "mimeType")) != "video/rtx") continue;
    const json::object* parameters = object_at(*codec, "parameters");
    if (parameters && std::ranges::count(taken, number_at(*parameters, "apt")) != 0)
      codecs.push_back(*codec);
  }
  json::array extensions;
  for (const json::object* extension : objects_at(router_capabilities, "headerExtensions")) {
    const auto kind = rtp::kind_of(text_at(*extension, "uri"));
    if (kind == ExtensionKind::Mid || kind == ExtensionKind::AbsSendTime ||
        kind == ExtensionKind::TransportCc || kind == ExtensionKind::AudioLevel)
      extensions.push_back(*extension);
  }
  return {{"codecs", std::move(codecs)}, {"headerExtensions", std::move(extensions)}};
}

std::optional<ConsumerOffer> read_new_consumer(const json::value& event) {
  const json::object* const object = event.if_object();
  const json::object* parameters = object ? object_at(*object, "rtpParameters") : nullptr;
  if (!parameters) return std::nullopt;
  ConsumerOffer offer;
  offer.consumer_id = text_at(*object, "consumerId");
  offer.participant_id = text_at(*object, "participantId");
  offer.is_audio = text_at(*object, "kind") == "audio";
  offer.mid = text_at(*parameters, "mid");
  for (const json::object* codec : objects_at(*parameters, "codecs")) {
    const bool is_rtx = lower_case(text_at(*codec, "mimeType")) == "video/rtx";
    (is_rtx ? offer.rtx_payload_type : offer.payload_type) =
        static_cast<std::uint8_t>(number_at(*codec, "payloadType"));
  }
  const auto encodings = objects_at(*parameters, "encodings");
  if (encodings.empty() || offer.consumer_id.empty()) return std::nullopt;
  const json::object& encoding = *encodings.front();
  offer.ssrc = Ssrc{static_cast<std::uint32_t>(number_at(encoding, "ssrc"))};
  if (const json::object* rtx = object_at(encoding, "rtx"))
    offer.rtx_ssrc = Ssrc{static_cast<std::uint32_t>(number_at(*rtx, "ssrc"))};
  for (const json::object* extension : objects_at(*parameters, "headerExtensions")) {
    const auto kind = rtp::kind_of(text_at(*extension, "uri"));
    const auto id = static_cast<std::uint8_t>(number_at(*extension, "id"));
    if (kind == ExtensionKind::Mid) offer.mid_id = id;
    if (kind == ExtensionKind::TransportCc) offer.transport_cc_id = id;
  }
  if (offer.ssrc.value == 0 || offer.payload_type == 0) return std::nullopt;
  return offer;
}

Result<ClientTransport::Remote, std::string> read_transport(const json::object& reply,
                                                            const IpAddress& preferred) {
  ClientTransport::Remote remote;
  const json::object* ice = object_at(reply, "iceParameters");
  const json::object* dtls = object_at(reply, "dtlsParameters");
  if (!ice || !dtls) return fail(std::string("the transport has no ICE or no DTLS parameters"));
  remote.ufrag = text_at(*ice, "usernameFragment");
  remote.password = text_at(*ice, "password");

  std::uint64_t best = 0;
  for (const json::object* candidate : objects_at(reply, "iceCandidates")) {
    std::string ip = text_at(*candidate, "ip");
    if (ip.empty()) ip = text_at(*candidate, "address");
    const auto address = IpAddress::parse(ip);
    if (!address || lower_case(text_at(*candidate, "protocol")) != "udp") continue;
    const std::uint64_t bonus = *address == preferred ? std::uint64_t{1} << 32 : 0;
    const std::uint64_t priority = number_at(*candidate, "priority") + bonus + 1;
    if (priority <= best) continue;
    best = priority;
    remote.server = {*address, static_cast<std::uint16_t>(number_at(*candidate, "port"))};
  }
  if (best == 0) return fail(std::string("the transport has no UDP candidate"));

  // mediasoup-client takes the last one.
  for (const json::object* fingerprint : objects_at(*dtls, "fingerprints")) {
    const auto hash = crypto::parse_hash_algorithm(text_at(*fingerprint, "algorithm"));
    if (!hash) continue;
    remote.hash = *hash;
    remote.fingerprint = text_at(*fingerprint, "value");
  }
  if (remote.fingerprint.empty()) return fail(std::string("the transport has no fingerprint"));
  return remote;
}

json::object connect_request(const std::string& direction, const std::string& sha256_fingerprint) {
  return {
      {"direction", direction},
      {"dtlsParameters",
       json::object{{"role", "client"},
                    {"fingerprints", json::array{json::object{{"algorithm", "sha-256"},
                                                              {"value", sha256_fingerprint}}}}}}};
}

}  // namespace sfu::load

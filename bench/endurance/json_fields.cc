#include "endurance/json_fields.h"

#include <boost/json.hpp>

#include "media/codec_table.h"
#include "sim/publisher_parameters.h"

namespace sfu::endurance {

namespace json = boost::json;

std::string text_at(const json::object& in, std::string_view key) {
  const json::value* const value = in.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_at(const json::object& in, std::string_view key) {
  const json::value* const value = in.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

const json::object* object_at(const json::object& in, std::string_view key) {
  const json::value* const value = in.if_contains(key);
  return value ? value->if_object() : nullptr;
}

const json::array& array_at(const json::object& in, std::string_view key) {
  static const json::array kEmpty;
  const json::value* const value = in.if_contains(key);
  return value && value->is_array() ? value->get_array() : kEmpty;
}

std::optional<TransportOffer> read_offer(const json::object& reply) {
  const json::object* const ice = object_at(reply, "iceParameters");
  const json::object* const dtls = object_at(reply, "dtlsParameters");
  if (!ice || !dtls) return std::nullopt;
  TransportOffer offer;
  offer.remote.ufrag = text_at(*ice, "usernameFragment");
  offer.remote.password = text_at(*ice, "password");
  for (const json::value& one : array_at(reply, "iceCandidates")) {
    const json::object* const candidate = one.if_object();
    const auto ip = candidate ? IpAddress::parse(text_at(*candidate, "ip")) : std::nullopt;
    const json::value* const port = candidate ? candidate->if_contains("port") : nullptr;
    if (!ip || !port || !port->is_number()) continue;
    const Endpoint at{*ip, port->to_number<std::uint16_t>()};
    (text_at(*candidate, "protocol") == "tcp" ? offer.tcp : offer.udp) = at;
  }
  for (const json::value& one : array_at(*dtls, "fingerprints"))
    if (const json::object* const print = one.if_object())
      if (text_at(*print, "algorithm") == "sha-256")
        offer.remote.sha256_fingerprint = text_at(*print, "value");
  if (offer.udp.port == 0 || offer.remote.sha256_fingerprint.empty()) return std::nullopt;
  return offer;
}

ortc::RtpParameters publishing(bool is_video, const std::string& mid, Ssrc ssrc) {
  const auto kind = is_video ? ortc::MediaKind::Video : ortc::MediaKind::Audio;
  ortc::RtpParameters parameters = sim::publisher_parameters(kind, mid);
  ortc::RtpEncodingParameters encoding;
  encoding.ssrc = ssrc;
  if (is_video) encoding.rtx_ssrc = Ssrc{ssrc.value + 1};
  parameters.encodings.push_back(encoding);
  return parameters;
}

rtp::ExtensionMap extensions_of(const ortc::RtpParameters& parameters) {
  return media::extension_map(parameters);
}

TimeDelta frame_interval(std::string_view media) {
  if (media == "audio") return std::chrono::milliseconds(60);
  return std::chrono::milliseconds(media == "video" ? 100 : 200);
}

}  // namespace sfu::endurance

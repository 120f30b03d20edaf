#include "service/schemas.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <utility>

#include "ortc/json.h"

namespace sfu::service {
namespace {

using ortc::JsonReader;
using MaybeError = std::optional<ortc::InvalidField>;

template <class T>
Parsed<T> finish(T value, MaybeError& error) {
  if (error) return fail(std::move(*error));
  return value;
}

/// Boost.JSON has refused what is no UTF-8. C1 controls are U+0080 to U+009F: C2 80 to C2 9F.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

std::string_view text_of(const json::value* value) {
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

Direction read_direction(const JsonReader& reader) {
  const auto text = text_of(reader.require("direction"));
  if (text != "send" && text != "recv")
    reader.fail(reader.path_of("direction"), "must be send or recv");
  return text == "recv" ? Direction::Recv : Direction::Send;
}

core::DtlsRole read_role(const JsonReader& dtls) {
  const json::value* value = dtls.find("role");
  if (!value) return core::DtlsRole::Auto;
  const auto text = text_of(value);
  if (text != "auto" && text != "client" && text != "server")
    dtls.fail(dtls.path_of("role"), "must be auto, client or server");
  if (text == "client") return core::DtlsRole::Client;
  if (text == "server") return core::DtlsRole::Server;
  return core::DtlsRole::Auto;
}

struct HashLength {
  std::string_view algorithm;
  std::size_t bytes;
};
/// RFC 8122 §5; MD2 and MD5 are not to be used any more.
constexpr std::array kHashes = {HashLength{"sha-1", 20}, HashLength{"sha-224", 28},
                                HashLength{"sha-256", 32}, HashLength{"sha-384", 48},
                                HashLength{"sha-512", 64}};

constexpr bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// "AB:CD:…" with as many pairs as the hash has bytes.
bool is_fingerprint(std::string_view text, std::size_t bytes) {
  if (text.size() != bytes * 3 - 1) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != ':' : !is_hex(text[i])) return false;
  return true;
}

core::DtlsFingerprint read_fingerprint(const JsonReader& reader) {
  const std::string algorithm(text_of(reader.require("algorithm")));
  const std::string value(text_of(reader.require("value")));
  const auto* hash = std::find_if(kHashes.begin(), kHashes.end(),
                                  [&](const auto& h) { return h.algorithm == algorithm; });
  if (hash == kHashes.end())
    reader.fail(reader.path_of("algorithm"), "must be sha-1, sha-224, sha-256, sha-384 or sha-512");
  else if (!is_fingerprint(value, hash->bytes))
    reader.fail(reader.path_of("value"), "must be " + std::to_string(hash->bytes) +
                                             " pairs of hexadecimal digits with colons");
  return {algorithm, value};
}

json::object read_app_data(const JsonReader& reader) {
  const json::value* value = reader.find("appData");
  if (!value) return {};
  const json::object* object = value->if_object();
  if (!object) {
    reader.fail(reader.path_of("appData"), "must be an object");
  } else if (json::serialize(*object).size() > kMaxAppDataBytes) {
    reader.fail(reader.path_of("appData"),
                "must be at most " + std::to_string(kMaxAppDataBytes) + " bytes of JSON");
  } else {
    return *object;
  }
  return {};
}

ortc::MediaKind read_kind(const JsonReader& reader) {
  const auto text = text_of(reader.require("kind"));
  if (text != "audio" && text != "video")
    reader.fail(reader.path_of("kind"), "must be audio or video");
  return text == "video" ? ortc::MediaKind::Video : ortc::MediaKind::Audio;
}

std::optional<ConsumerId> read_consumer_id(const JsonReader& reader) {
  const json::value* value = reader.require("consumerId");
  if (value && !value->is_string()) reader.fail(reader.path_of("consumerId"), "must be a text");
  return ConsumerId::parse(text_of(value));
}

/// The value of a nested field, or what makes its parser say that it is missing.
const json::value& nested(const JsonReader& reader, std::string_view key) {
  static const json::value kNothing;
  const json::value* value = reader.require(key);
  return value ? *value : kNothing;
}

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::Send ? "send" : "recv";
}

std::string read_room_id(const JsonReader& reader) {
  const json::value* value = reader.require("roomId");
  if (!value) return "";
  const json::string* text = value->if_string();
  if (text && !text->empty() && text->size() <= kMaxRoomIdBytes && !has_control_character(*text))
    return std::string(*text);
  reader.fail(reader.path_of("roomId"),
              "must be a text of 1 to 128 bytes of UTF-8 without control characters");
  return "";
}

Parsed<JoinRoom> parse_join_room(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  JoinRoom request{read_room_id(reader), reader.boolean("resume", false)};
  return finish(std::move(request), error);
}

Parsed<CreateTransport> parse_create_transport(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  CreateTransport request{read_room_id(reader), read_direction(reader)};
  return finish(std::move(request), error);
}

Parsed<ConnectTransport> parse_connect_transport(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  ConnectTransport request;
  request.direction = read_direction(reader);
  const JsonReader dtls(nested(reader, "dtlsParameters"), "dtlsParameters", error);
  request.role = read_role(dtls);
  dtls.require("fingerprints");
  const auto fingerprints = dtls.array("fingerprints", kMaxFingerprints);
  for (std::size_t i = 0; i < fingerprints.size(); ++i)
    request.fingerprints.push_back(
        read_fingerprint(JsonReader(fingerprints[i], dtls.path_of("fingerprints", i), error)));
  if (fingerprints.empty())
    dtls.fail(dtls.path_of("fingerprints"), "must have at least one element");
  return finish(std::move(request), error);
}

Parsed<Direction> parse_direction_request(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  return finish(read_direction(reader), error);
}

Parsed<ortc::RtpCapabilities> parse_set_rtp_capabilities(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  const json::value& capabilities = nested(reader, "rtpCapabilities");
  if (error) return fail(std::move(*error));
  return ortc::parse_rtp_capabilities(capabilities);
}

Parsed<CreateProducer> parse_create_producer(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  CreateProducer request;
  request.kind = read_kind(reader);
  const json::value& parameters = nested(reader, "rtpParameters");
  request.app_data = read_app_data(reader);
  if (error) return fail(std::move(*error));
  auto parsed = ortc::parse_rtp_parameters(parameters);
  if (!parsed) return fail(std::move(parsed.error()));
  request.parameters = std::move(*parsed);
  const json::value* screen = request.app_data.if_contains("screen");
  const bool is_screen = screen && screen->is_bool() && screen->get_bool();
  request.type = media_type_of(request.kind, is_screen);
  return request;
}

Parsed<MediaType> parse_media_type_request(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  const auto type = parse_media_type(text_of(reader.require("kind")));
  if (!type)
    reader.fail(reader.path_of("kind"), "must be audio, video, screen-video or screen-audio");
  return finish(type.value_or(MediaType::Audio), error);
}

Parsed<std::optional<ConsumerId>> parse_consumer_request(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  return finish(read_consumer_id(reader), error);
}

Parsed<SetPreferredLayers> parse_set_preferred_layers(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  SetPreferredLayers request;
  request.consumer = read_consumer_id(reader);
  request.spatial_layer = static_cast<std::uint8_t>(reader.integer("spatialLayer", 0, 255));
  if (const auto layer = reader.optional_integer("temporalLayer", 0, 255))
    request.temporal_layer = static_cast<std::uint8_t>(*layer);
  return finish(std::move(request), error);
}

Parsed<SetConsumerPriority> parse_set_consumer_priority(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  SetConsumerPriority request;
  request.consumer = read_consumer_id(reader);
  request.priority = static_cast<std::uint8_t>(reader.integer("priority", 1, 255));
  return finish(std::move(request), error);
}

}  // namespace sfu::service

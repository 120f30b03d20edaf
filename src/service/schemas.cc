#include "service/schemas.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ortc/json.h"

namespace sfu::service {
namespace {

using ortc::JsonReader;

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

std::vector<core::DtlsFingerprint> read_fingerprints(const JsonReader& dtls) {
  dtls.require("fingerprints");
  const auto elements = dtls.array("fingerprints", kMaxFingerprints);
  if (elements.empty()) dtls.fail(dtls.path_of("fingerprints"), "must have at least one element");
  std::vector<core::DtlsFingerprint> fingerprints;
  for (std::size_t i = 0; i < elements.size(); ++i)
    fingerprints.push_back(read_fingerprint(dtls.inner("fingerprints", i, elements[i])));
  return fingerprints;
}

ortc::MediaKind read_kind(const JsonReader& reader) {
  const auto text = text_of(reader.require("kind"));
  if (text != "audio" && text != "video")
    reader.fail(reader.path_of("kind"), "must be audio or video");
  return text == "video" ? ortc::MediaKind::Video : ortc::MediaKind::Audio;
}

bool says_screen(const json::object& app_data) {
  const json::value* screen = app_data.if_contains("screen");
  return screen && screen->is_bool() && screen->get_bool();
}

/// The fields of a media state that `media` has; those that are missing stay as they are.
MediaState read_media(const JsonReader& reader, MediaState media = {}) {
  media.audio_enabled = reader.boolean("audioEnabled", media.audio_enabled);
  media.video_enabled = reader.boolean("videoEnabled", media.video_enabled);
  return media;
}

std::string read_message(const JsonReader& reader) {
  const auto message = trimmed(text_of(reader.find("message")));
  if (message.empty() || message.size() > kMaxChatMessageBytes)
    reader.fail(reader.path_of("message"), "must be a text of 1 to " +
                                               std::to_string(kMaxChatMessageBytes) +
                                               " bytes beside the white space around it");
  return std::string(message);
}

std::string read_chat_type(const JsonReader& reader) {
  const json::value* value = reader.find("type");
  if (!value) return "text";
  const auto text = text_of(value);
  if (!value->is_string() || text.size() > kMaxChatFieldBytes)
    reader.fail(reader.path_of("type"),
                "must be a text of at most " + std::to_string(kMaxChatFieldBytes) + " bytes");
  return text.empty() ? "text" : std::string(text);
}

void read_timestamp(const JsonReader& reader, ChatMessage& chat) {
  const json::object* object = reader.object();
  const json::value* value = object ? object->if_contains("timestamp") : nullptr;
  if (!value) return;
  const bool fits = value->is_null() || value->is_number() ||
                    (value->is_string() && text_of(value).size() <= kMaxChatFieldBytes);
  if (!fits)
    return reader.fail(
        reader.path_of("timestamp"),
        "must be a number, or a text of at most " + std::to_string(kMaxChatFieldBytes) + " bytes");
  chat.timestamp = *value;
  chat.has_timestamp = true;
}

}  // namespace

Parsed<JoinRoom> parse_join_room(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    return JoinRoom{read_room_id(reader), reader.boolean("resume", false)};
  });
}

Parsed<CreateTransport> parse_create_transport(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    return CreateTransport{read_room_id(reader), read_direction(reader)};
  });
}

Parsed<ConnectTransport> parse_connect_transport(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    const Direction direction = read_direction(reader);
    const JsonReader dtls = reader.inner("dtlsParameters");
    return ConnectTransport{direction, read_role(dtls), read_fingerprints(dtls)};
  });
}

Parsed<Direction> parse_direction_request(const json::value& body) {
  return parse_payload(body, read_direction);
}

Parsed<ortc::RtpCapabilities> parse_set_rtp_capabilities(const json::value& body) {
  const auto capabilities = parse_payload(
      body, [](const JsonReader& reader) { return reader.require("rtpCapabilities"); });
  if (!capabilities) return fail(capabilities.error());
  return ortc::parse_rtp_capabilities(**capabilities);
}

Parsed<CreateProducer> parse_create_producer(const json::value& body) {
  const json::value* parameters = nullptr;
  auto request = parse_payload(body, [&](const JsonReader& reader) {
    CreateProducer read;
    read.kind = read_kind(reader);
    parameters = reader.require("rtpParameters");
    read.app_data = read_app_data(reader);
    read.type = media_type_of(read.kind, says_screen(read.app_data));
    return read;
  });
  if (!request) return request;
  auto parsed = ortc::parse_rtp_parameters(*parameters);
  if (!parsed) return fail(std::move(parsed.error()));
  request->parameters = std::move(*parsed);
  return request;
}

Parsed<MediaType> parse_media_type_request(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    const auto type = parse_media_type(text_of(reader.require("kind")));
    if (!type)
      reader.fail(reader.path_of("kind"), "must be audio, video, screen-video or screen-audio");
    return type.value_or(MediaType::Audio);
  });
}

Parsed<std::optional<ConsumerId>> parse_consumer_request(const json::value& body) {
  return parse_payload(body, read_consumer_id);
}

Parsed<SetPreferredLayers> parse_set_preferred_layers(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    SetPreferredLayers request;
    request.consumer = read_consumer_id(reader);
    request.spatial_layer = static_cast<std::uint8_t>(reader.integer("spatialLayer", 0, 255));
    if (const auto layer = reader.optional_integer("temporalLayer", 0, 255))
      request.temporal_layer = static_cast<std::uint8_t>(*layer);
    return request;
  });
}

Parsed<SetConsumerPriority> parse_set_consumer_priority(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    SetConsumerPriority request;
    request.consumer = read_consumer_id(reader);
    request.priority = static_cast<std::uint8_t>(reader.integer("priority", 1, 255));
    return request;
  });
}

Parsed<Ready> parse_ready(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    Ready request{read_room_id(reader), {}};
    if (reader.has("mediaState")) request.media = read_media(reader.inner("mediaState"));
    return request;
  });
}

Parsed<std::string> parse_room_request(const json::value& body) {
  return parse_payload(body, read_room_id);
}

Parsed<MediaStateChange> parse_media_state_change(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    MediaStateChange request{read_room_id(reader), {}};
    reader.require("audioEnabled");
    reader.require("videoEnabled");
    request.media = read_media(reader);
    return request;
  });
}

Parsed<ChatMessage> parse_chat_message(const json::value& body) {
  return parse_payload(body, [](const JsonReader& reader) {
    ChatMessage chat;
    chat.room_id = read_room_id(reader);
    chat.message = read_message(reader);
    chat.type = read_chat_type(reader);
    read_timestamp(reader, chat);
    return chat;
  });
}

Parsed<Relay> parse_relay(const json::value& body, std::string_view required) {
  return parse_payload(body, [&](const JsonReader& reader) {
    Relay relay;
    const json::value* to = reader.require("to");
    if (to && !to->is_string()) reader.fail(reader.path_of("to"), "must be a text");
    const json::object* object = reader.object();
    if (!object) return relay;
    // With binary parts beside it the object would be taken for one of them.
    if (object->contains("_placeholder")) reader.fail("", "must be an object");
    if (!required.empty() && !object->contains(required))
      reader.fail(reader.path_of(required), "is missing");
    relay.to = text_of(to);
    relay.payload = *object;
    relay.payload.erase("to");
    return relay;
  });
}

}  // namespace sfu::service

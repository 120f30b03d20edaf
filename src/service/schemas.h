#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "core/commands.h"
#include "ortc/parameters.h"
#include "service/media_type.h"
#include "service/payload_fields.h"
#include "service/peer_to_peer_room.h"

namespace sfu::service {

// The payload of each request, checked: what these functions return can be acted upon. Whether the
// named things exist is looked at later.

inline constexpr std::size_t kMaxFingerprints = 16;

struct JoinRoom {
  std::string room_id;
  bool resume = false;
};
Parsed<JoinRoom> parse_join_room(const json::value& body);

struct CreateTransport {
  std::string room_id;
  Direction direction = Direction::Send;
};
Parsed<CreateTransport> parse_create_transport(const json::value& body);

struct ConnectTransport {
  Direction direction = Direction::Send;
  core::DtlsRole role = core::DtlsRole::Auto;
  std::vector<core::DtlsFingerprint> fingerprints;
};
Parsed<ConnectTransport> parse_connect_transport(const json::value& body);

/// `{ direction }`.
Parsed<Direction> parse_direction_request(const json::value& body);

Parsed<ortc::RtpCapabilities> parse_set_rtp_capabilities(const json::value& body);

struct CreateProducer {
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  MediaType type = MediaType::Audio;
  ortc::RtpParameters parameters;
  json::object app_data;
};
Parsed<CreateProducer> parse_create_producer(const json::value& body);

/// `{ kind }`, four-way.
Parsed<MediaType> parse_media_type_request(const json::value& body);

/// `{ consumerId }`. None where it is a text that no consumer can have.
Parsed<std::optional<ConsumerId>> parse_consumer_request(const json::value& body);

struct SetPreferredLayers {
  std::optional<ConsumerId> consumer;
  std::uint8_t spatial_layer = 0;
  std::optional<std::uint8_t> temporal_layer;
};
Parsed<SetPreferredLayers> parse_set_preferred_layers(const json::value& body);

struct SetConsumerPriority {
  std::optional<ConsumerId> consumer;
  std::uint8_t priority = 1;
};
Parsed<SetConsumerPriority> parse_set_consumer_priority(const json::value& body);

// Those of the peer-to-peer rooms.

/// Of a message without the white space around it.
inline constexpr std::size_t kMaxChatMessageBytes = 64 * 1024;
inline constexpr std::size_t kMaxChatFieldBytes = 64;

struct Ready {
  std::string room_id;
  MediaState media;  // What is not said counts as enabled.
};
Parsed<Ready> parse_ready(const json::value& body);

/// `{ roomId }`, and anything else.
Parsed<std::string> parse_room_request(const json::value& body);

struct MediaStateChange {
  std::string room_id;
  MediaState media;
};
Parsed<MediaStateChange> parse_media_state_change(const json::value& body);

struct ChatMessage {
  std::string room_id;
  std::string message;
  std::string type = "text";
  json::value timestamp;  // A text, a number or null.
  bool has_timestamp = false;
};
Parsed<ChatMessage> parse_chat_message(const json::value& body);

struct Relay {
  std::string to;
  json::object payload;  // All that came but `to`.
};
/// `required` names a field that has to be there, even if only as null; it may be empty.
Parsed<Relay> parse_relay(const json::value& body, std::string_view required);

}  // namespace sfu::service

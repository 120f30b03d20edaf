#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "core/commands.h"
#include "ortc/json_reader.h"
#include "ortc/parameters.h"
#include "service/media_type.h"

namespace sfu::service {

namespace json = boost::json;

// The payload of each request, checked: what these functions return can be acted upon. Whether the
// named things exist is looked at later.

inline constexpr std::size_t kMaxRoomIdBytes = 128;
inline constexpr std::size_t kMaxFingerprints = 16;
inline constexpr std::size_t kMaxAppDataBytes = 16 * 1024;

enum class Direction : std::uint8_t { Send, Recv };
std::string_view to_string(Direction direction);

template <class T>
using Parsed = Result<T, ortc::InvalidField>;

/// The `roomId` of any request.
std::string read_room_id(const ortc::JsonReader& reader);

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

}  // namespace sfu::service

#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "service/peer_to_peer_room.h"
#include "service/schemas.h"

namespace sfu::service {

// The payloads of the peer-to-peer requests, checked; see schemas.h.

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

/// `text`, which is UTF-8, without the white space at both ends, as JavaScript's trim() has it.
std::string_view trimmed(std::string_view text);

}  // namespace sfu::service

#include "service/peer_to_peer_schemas.h"

#include <array>
#include <optional>
#include <utility>

#include "ortc/json_reader.h"

namespace sfu::service {
namespace {

using ortc::JsonReader;
using MaybeError = std::optional<ortc::InvalidField>;

template <class T>
Parsed<T> finish(T value, MaybeError& error) {
  if (error) return fail(std::move(*error));
  return value;
}

/// ECMA-262 §12.2 and §12.3: WhiteSpace and LineTerminator.
constexpr std::array<std::string_view, 25> kWhiteSpace = {
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
    "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    "\xef\xbb\xbf"};

std::size_t white_space_in_front(std::string_view text) {
  for (const auto one : kWhiteSpace)
    if (text.starts_with(one)) return one.size();
  return 0;
}

std::size_t white_space_at_end(std::string_view text) {
  for (const auto one : kWhiteSpace)
    if (text.ends_with(one)) return one.size();
  return 0;
}

/// The fields of a media state that `media` has; those that are missing stay as they are.
MediaState read_media(const JsonReader& reader, MediaState media) {
  media.audio_enabled = reader.boolean("audioEnabled", media.audio_enabled);
  media.video_enabled = reader.boolean("videoEnabled", media.video_enabled);
  return media;
}

std::string read_message(const JsonReader& reader) {
  const json::value* value = reader.find("message");
  const json::string* text = value ? value->if_string() : nullptr;
  const auto message = text ? trimmed(*text) : std::string_view();
  if (message.empty() || message.size() > kMaxChatMessageBytes)
    reader.fail(reader.path_of("message"), "must be a text of 1 to " +
                                               std::to_string(kMaxChatMessageBytes) +
                                               " bytes beside the white space around it");
  return std::string(message);
}

std::string read_chat_type(const JsonReader& reader) {
  const json::value* value = reader.find("type");
  if (!value) return "text";
  const json::string* text = value->if_string();
  if (!text || text->size() > kMaxChatFieldBytes) {
    reader.fail(reader.path_of("type"),
                "must be a text of at most " + std::to_string(kMaxChatFieldBytes) + " bytes");
    return "";
  }
  return text->empty() ? "text" : std::string(*text);
}

void read_timestamp(const JsonReader& reader, ChatMessage& chat) {
  const json::object* object = reader.object();
  const json::value* value = object ? object->if_contains("timestamp") : nullptr;
  if (!value) return;
  const json::string* text = value->if_string();
  const bool fits =
      value->is_null() || value->is_number() || (text && text->size() <= kMaxChatFieldBytes);
  if (!fits)
    return reader.fail(
        reader.path_of("timestamp"),
        "must be a number, or a text of at most " + std::to_string(kMaxChatFieldBytes) + " bytes");
  chat.timestamp = *value;
  chat.has_timestamp = true;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (const auto size = white_space_in_front(text)) text.remove_prefix(size);
  while (const auto size = white_space_at_end(text)) text.remove_suffix(size);
  return text;
}

Parsed<Ready> parse_ready(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  Ready request{read_room_id(reader), {}};
  if (const json::value* media = reader.find("mediaState"))
    request.media = read_media(JsonReader(*media, "mediaState", error), request.media);
  return finish(std::move(request), error);
}

Parsed<std::string> parse_room_request(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  return finish(read_room_id(reader), error);
}

Parsed<MediaStateChange> parse_media_state_change(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  MediaStateChange request{read_room_id(reader), {}};
  reader.require("audioEnabled");
  reader.require("videoEnabled");
  request.media = read_media(reader, request.media);
  return finish(std::move(request), error);
}

Parsed<ChatMessage> parse_chat_message(const json::value& body) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  ChatMessage chat;
  chat.room_id = read_room_id(reader);
  chat.message = read_message(reader);
  chat.type = read_chat_type(reader);
  read_timestamp(reader, chat);
  return finish(std::move(chat), error);
}

Parsed<Relay> parse_relay(const json::value& body, std::string_view required) {
  MaybeError error;
  const JsonReader reader(body, "", error);
  Relay relay;
  const json::value* to = reader.require("to");
  if (to && !to->is_string()) reader.fail(reader.path_of("to"), "must be a text");
  const json::object* object = reader.object();
  // With binary parts beside it the object would be taken for one of them.
  if (object && object->contains("_placeholder")) reader.fail("", "must be an object");
  if (object && !required.empty() && !object->contains(required))
    reader.fail(reader.path_of(required), "is missing");
  if (error) return fail(std::move(*error));
  relay.to = std::string(to->get_string());
  relay.payload = *object;
  relay.payload.erase("to");
  return relay;
}

}  // namespace sfu::service

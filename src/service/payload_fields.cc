#include "service/payload_fields.h"

#include <array>
#include <boost/json/serialize.hpp>

namespace sfu::service {
namespace {

using ortc::JsonReader;

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

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::Send ? "send" : "recv";
}

std::string_view text_of(const json::value* value) {
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

std::string_view trimmed(std::string_view text) {
  while (const auto size = white_space_in_front(text)) text.remove_prefix(size);
  while (const auto size = white_space_at_end(text)) text.remove_suffix(size);
  return text;
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

Direction read_direction(const JsonReader& reader) {
  const auto text = text_of(reader.require("direction"));
  if (text != "send" && text != "recv")
    reader.fail(reader.path_of("direction"), "must be send or recv");
  return text == "recv" ? Direction::Recv : Direction::Send;
}

std::optional<ConsumerId> read_consumer_id(const JsonReader& reader) {
  const json::value* value = reader.require("consumerId");
  if (value && !value->is_string()) reader.fail(reader.path_of("consumerId"), "must be a text");
  return ConsumerId::parse(text_of(value));
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

}  // namespace sfu::service

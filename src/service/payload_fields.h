#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "ortc/json_reader.h"

namespace sfu::service {

namespace json = boost::json;

// What the schemas of requests are made of.

inline constexpr std::size_t kMaxRoomIdBytes = 128;
inline constexpr std::size_t kMaxAppDataBytes = 16 * 1024;

enum class Direction : std::uint8_t { Send, Recv };
std::string_view to_string(Direction direction);

template <class T>
using Parsed = Result<T, ortc::InvalidField>;

/// What `read(reader)` makes of the payload, or the first field that is not as it should be.
template <class Read>
auto parse_payload(const json::value& body, Read&& read)
    -> Parsed<decltype(read(std::declval<const ortc::JsonReader&>()))> {
  std::optional<ortc::InvalidField> error;
  const ortc::JsonReader reader(body, "", error);
  auto payload = read(reader);
  if (error) return fail(std::move(*error));
  return payload;
}

/// The text that the value is; empty for what is none.
std::string_view text_of(const json::value* value);
/// `text`, which is UTF-8, without the white space at both ends, as JavaScript's trim() has it.
std::string_view trimmed(std::string_view text);

std::string read_room_id(const ortc::JsonReader& reader);
Direction read_direction(const ortc::JsonReader& reader);
/// None where it is a text that no consumer can have.
std::optional<ConsumerId> read_consumer_id(const ortc::JsonReader& reader);
/// Empty where there is none.
json::object read_app_data(const ortc::JsonReader& reader);

}  // namespace sfu::service

#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sfu::signaling::socketio {

enum class JsonError : std::uint8_t { Malformed, TooDeep };

/// JSON (RFC 8259) whose arrays and objects are nested at most `max_depth` deep. Halves of
/// surrogate pairs, which JavaScript writes for a string cut in the middle of a character, become
/// U+FFFD.
Result<boost::json::value, JsonError> parse_json(std::string_view text, std::size_t max_depth);

/// The string that opens the array in `text`, whatever follows it.
std::optional<std::string> leading_string(std::string_view text);

}  // namespace sfu::signaling::socketio

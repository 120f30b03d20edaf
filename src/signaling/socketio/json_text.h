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
/// U+FFFD. A number too large for a double is null, as after JSON.stringify(JSON.parse(text)).
Result<boost::json::value, JsonError> parse_json(std::string_view text, std::size_t max_depth);

/// JSON of `value`. A number that is not finite, which JSON cannot say, is written as null.
std::string to_text(const boost::json::value& value);

/// The string that opens the array in `text`, whatever follows it.
std::optional<std::string> leading_string(std::string_view text);

}  // namespace sfu::signaling::socketio

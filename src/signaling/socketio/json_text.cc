#include "signaling/socketio/json_text.h"

#include <algorithm>
#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

namespace sfu::signaling::socketio {

namespace {

namespace json = boost::json;

constexpr std::string_view kBlanks = " \t\r\n";

/// The unit that the escape \uXXXX at `at` stands for, or -1.
int escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

bool is_high(int unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(int unit) { return unit >= 0xdc00 && unit < 0xe000; }

std::string replace_lone_surrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    const int unit = escaped_unit(text, i);
    std::size_t length = unit < 0 ? 2 : 6;
    const bool pair = is_high(unit) && is_low(escaped_unit(text, i + 6));
    if (pair) length = 12;
    if (!pair && (is_high(unit) || is_low(unit))) {
      out += "\\ufffd";
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  return out;
}

bool is_finite(const json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number);
  if (const json::array* array = value.if_array()) return std::ranges::all_of(*array, is_finite);
  if (const json::object* object = value.if_object())
    return std::ranges::all_of(*object, [](const auto& pair) { return is_finite(pair.value()); });
  return true;
}

/// The parser makes infinity of 1e999, and of 0e999, which is 0, no number at all.
void make_finite(json::value& value) {
  if (const double* number = value.if_double()) {
    if (std::isnan(*number))
      value = 0;
    else if (!std::isfinite(*number))
      value = nullptr;
  } else if (json::array* array = value.if_array()) {
    for (json::value& part : *array) make_finite(part);
  } else if (json::object* object = value.if_object()) {
    for (auto& pair : *object) make_finite(pair.value());
  }
}

json::value parse(std::string_view text, std::size_t max_depth, json::error_code& error) {
  json::parse_options options;
  options.max_depth = max_depth;
  return json::parse(text, error, {}, options);
}

}  // namespace

Result<json::value, JsonError> parse_json(std::string_view text, std::size_t max_depth) {
  json::error_code error;
  json::value value = parse(text, max_depth, error);
  if (error && error != json::error::too_deep) {
    // The parser has several names for a lone surrogate, "syntax error" among them.
    const std::string repaired = replace_lone_surrogates(text);
    if (repaired != text) value = parse(repaired, max_depth, error);
  }
  if (error == json::error::too_deep) return fail(JsonError::TooDeep);
  if (error) return fail(JsonError::Malformed);
  make_finite(value);
  return value;
}

std::string to_text(const json::value& value) {
  if (is_finite(value)) return json::serialize(value);
  json::value finite = value;
  make_finite(finite);
  return json::serialize(finite);
}

std::optional<std::string> leading_string(std::string_view text) {
  const auto skip_blanks = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  };
  skip_blanks();
  if (!text.starts_with('[')) return std::nullopt;
  text.remove_prefix(1);
  skip_blanks();
  if (!text.starts_with('"')) return std::nullopt;
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return std::nullopt;
  const auto parsed = parse_json(text.substr(0, end + 1), 1);
  if (!parsed || !parsed->is_string()) return std::nullopt;
  return std::string(parsed->get_string());
}

}  // namespace sfu::signaling::socketio

#include "ortc/json_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sfu::ortc {

std::optional<std::int64_t> as_integer(const json::value& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every integer up to here has its double.
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64() && std::in_range<std::int64_t>(value.get_uint64()))
    return static_cast<std::int64_t>(value.get_uint64());
  if (value.is_double()) {
    const double number = value.get_double();
    if (std::abs(number) <= kExact && std::trunc(number) == number)
      return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

JsonReader::JsonReader(const json::value& value, std::string path,
                       std::optional<InvalidField>& error)
    : path_(std::move(path)), error_(error), object_(value.if_object()) {
  if (!object_) fail(path_, "must be an object");
}

const json::value* JsonReader::find(std::string_view key) const {
  const json::value* found = object_ ? object_->if_contains(key) : nullptr;
  return found && !found->is_null() ? found : nullptr;
}

const json::value* JsonReader::require(std::string_view key) const {
  const json::value* found = find(key);
  if (!found) fail(path_of(key), "is missing");
  return found;
}

std::string JsonReader::text(std::string_view key, const TextRule& rule) const {
  const json::value* value = require(key);
  return value ? read_text(*value, key, rule).value_or("") : "";
}

std::optional<std::string> JsonReader::optional_text(std::string_view key,
                                                     const TextRule& rule) const {
  const json::value* value = find(key);
  // Clients say "" where they mean nothing: a browser's stream without a CNAME.
  if (!value || (value->is_string() && value->get_string().empty())) return std::nullopt;
  return read_text(*value, key, rule);
}

std::optional<std::string> JsonReader::read_text(const json::value& value, std::string_view key,
                                                 const TextRule& rule) const {
  const json::string* text = value.if_string();
  if (text && !text->empty() && text->size() <= rule.max_bytes &&
      std::all_of(text->begin(), text->end(),
                  [&](char c) { return rule.allows(static_cast<unsigned char>(c)); }))
    return std::string(*text);
  fail(path_of(key),
       "must be a text of 1 to " + std::to_string(rule.max_bytes) + " " + rule.description);
  return std::nullopt;
}

std::int64_t JsonReader::integer(std::string_view key, std::int64_t min, std::int64_t max) const {
  if (!require(key)) return min;
  return optional_integer(key, min, max).value_or(min);
}

std::optional<std::int64_t> JsonReader::optional_integer(std::string_view key, std::int64_t min,
                                                         std::int64_t max) const {
  const json::value* value = find(key);
  if (!value) return std::nullopt;
  const auto number = as_integer(*value);
  if (number && *number >= min && *number <= max) return number;
  fail(path_of(key),
       "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<double> JsonReader::optional_number(std::string_view key, double min,
                                                  double max) const {
  const json::value* value = find(key);
  if (!value) return std::nullopt;
  if (value->is_number()) {
    const double number = value->to_number<double>();
    if (number >= min && number <= max) return number;
  }
  fail(path_of(key), "must be a number from " + json::serialize(json::value(min)) + " to " +
                         json::serialize(json::value(max)));
  return std::nullopt;
}

bool JsonReader::boolean(std::string_view key, bool if_absent) const {
  const json::value* value = find(key);
  if (!value) return if_absent;
  if (const bool* truth = value->if_bool()) return *truth;
  fail(path_of(key), "must be true or false");
  return if_absent;
}

std::span<const json::value> JsonReader::array(std::string_view key,
                                               std::size_t max_elements) const {
  const json::value* value = find(key);
  if (!value) return {};
  const json::array* elements = value->if_array();
  if (elements && elements->size() <= max_elements) return {elements->data(), elements->size()};
  fail(path_of(key), "must be an array of at most " + std::to_string(max_elements) + " elements");
  return {};
}

JsonReader JsonReader::inner(std::string_view key) const {
  static const json::value kNothing;
  const json::value* value = require(key);
  return {value ? *value : kNothing, path_of(key), error_};
}

JsonReader JsonReader::inner(std::string_view key, std::size_t index,
                             const json::value& element) const {
  return {element, path_of(key, index), error_};
}

std::string JsonReader::path_of(std::string_view key) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  return path.append(key);
}

std::string JsonReader::path_of(std::string_view key, std::size_t index) const {
  return path_of(key) + "[" + std::to_string(index) + "]";
}

void JsonReader::fail(std::string field, std::string reason) const {
  if (error_) return;
  if (field.empty()) field = "the payload";
  error_ = InvalidField{std::move(field), std::move(reason)};
}

}  // namespace sfu::ortc

#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfu::ortc {

namespace json = boost::json;

/// What is wrong with a JSON body that a client sent.
struct InvalidField {
  std::string field;   // "rtpParameters.codecs[0].payloadType"
  std::string reason;  // "must be an integer from 0 to 127"

  std::string to_string() const { return field + " " + reason; }
};

/// What a text may hold. Texts of one client reach others and end up in their SDP, so none may
/// carry a line break.
struct TextRule {
  std::size_t max_bytes;
  bool (*allows)(unsigned char);
  const char* description;  // "letters and digits"
};

/// Reads one JSON object field by field. The first field that is not as it should be is kept in
/// `error`, and all later reads return defaults: a caller reads everything and looks once. A field
/// that is null counts as absent.
class JsonReader {
 public:
  /// `path` names `value` in errors. The value and `error` outlive the reader.
  JsonReader(const json::value& value, std::string path, std::optional<InvalidField>& error);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The field, or nullptr where it is absent; not checked in any way.
  const json::value* find(std::string_view key) const;
  /// The field, with an error where it is absent.
  const json::value* require(std::string_view key) const;
  const json::object* object() const { return object_; }

  std::string text(std::string_view key, const TextRule& rule) const;
  std::optional<std::string> optional_text(std::string_view key, const TextRule& rule) const;
  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max) const;
  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t min,
                                               std::int64_t max) const;
  std::optional<double> optional_number(std::string_view key, double min, double max) const;
  bool boolean(std::string_view key, bool if_absent) const;
  /// Empty where the field is absent.
  std::span<const json::value> array(std::string_view key, std::size_t max_elements) const;

  /// The object in a field, which has to be there.
  JsonReader inner(std::string_view key) const;
  /// An element, which has to be an object, of the array in a field.
  JsonReader inner(std::string_view key, std::size_t index, const json::value& element) const;

  std::string path_of(std::string_view key) const;
  std::string path_of(std::string_view key, std::size_t index) const;
  void fail(std::string field, std::string reason) const;

 private:
  std::optional<std::string> read_text(const json::value& value, std::string_view key,
                                       const TextRule& rule) const;

  const std::string path_;
  std::optional<InvalidField>& error_;
  const json::object* object_;  // nullptr where the value is no object.
};

/// The value as an integer where it is one, also when it came as 1.0.
std::optional<std::int64_t> as_integer(const json::value& value);

}  // namespace sfu::ortc

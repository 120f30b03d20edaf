#include "signaling/socketio/packet.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "signaling/socketio/json_text.h"

namespace sfu::signaling::socketio {

namespace {

namespace json = boost::json;

/// Every ack id that JavaScript counts up to exactly has at most 16 digits.
constexpr std::size_t kMaxAckDigits = 16;
constexpr std::size_t kMaxAttachmentDigits = 3;

constexpr std::array<std::string_view, 6> kReservedEvents = {
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

bool is_binary(PacketType type) {
  return type == PacketType::BinaryEvent || type == PacketType::BinaryAck;
}
bool is_event(PacketType type) {
  return type == PacketType::Event || type == PacketType::BinaryEvent;
}
bool is_ack(PacketType type) { return type == PacketType::Ack || type == PacketType::BinaryAck; }

/// Takes the digits at the front of `text`.
std::string_view take_digits(std::string_view& text) {
  const std::string_view digits =
      text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  text.remove_prefix(digits.size());
  return digits;
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// The number in {"_placeholder":true,"num":n}; nothing where `value` is no such object.
const json::value* attachment_number(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return nullptr;
  const json::value* mark = object->if_contains("_placeholder");
  if (!mark || !mark->is_bool() || !mark->get_bool()) return nullptr;
  static const json::value kMissing;
  const json::value* number = object->if_contains("num");
  return number ? number : &kMissing;
}

/// Whether each attachment that `value` speaks of is one of `count`. As deep as the parser allows.
bool attachments_fit(const json::value& value, std::size_t count) {
  if (const json::value* number = attachment_number(value)) {
    const std::int64_t* n = number->if_int64();
    return n && *n >= 0 && static_cast<std::size_t>(*n) < count;
  }
  const auto fits = [count](const json::value& part) { return attachments_fit(part, count); };
  if (const json::array* array = value.if_array()) return std::ranges::all_of(*array, fits);
  if (const json::object* object = value.if_object())
    return std::ranges::all_of(*object, [&](const auto& pair) { return fits(pair.value()); });
  return true;
}

std::optional<ParseError> read_event(json::array& array, Packet& packet) {
  if (array.empty()) return ParseError::BadPayload;
  const json::value& name = array.front();
  if (name.is_string()) {
    packet.name = std::string(name.get_string());
    if (std::ranges::find(kReservedEvents, packet.name) != kReservedEvents.end())
      return ParseError::ReservedEvent;
  } else if (name.is_number()) {
    packet.name = json::serialize(name);
  } else {
    return ParseError::BadPayload;
  }
  array.erase(array.begin());
  return std::nullopt;
}

std::optional<ParseError> read_too_deep(std::string_view text, Packet& packet) {
  packet.too_deep = true;
  if (packet.type == PacketType::Connect) return std::nullopt;
  if (!is_event(packet.type) && !is_ack(packet.type)) return ParseError::BadPayload;
  auto name = is_event(packet.type) ? leading_string(text) : std::nullopt;
  packet.name_known = name.has_value();
  if (name) packet.name = std::move(*name);
  return std::nullopt;
}

std::optional<ParseError> read_payload(std::string_view text, std::size_t attachments,
                                       std::size_t max_json_depth, Packet& packet) {
  if (text.empty()) {
    const bool may_be_empty =
        packet.type == PacketType::Connect || packet.type == PacketType::Disconnect;
    return may_be_empty ? std::nullopt : std::optional(ParseError::BadPayload);
  }
  auto parsed = parse_json(text, max_json_depth + 1);  // The outermost array holds the arguments.
  if (!parsed)
    return parsed.error() == JsonError::TooDeep ? read_too_deep(text, packet)
                                                : std::optional(ParseError::BadJson);
  if (is_event(packet.type) || is_ack(packet.type)) {
    json::array* array = parsed->if_array();
    if (!array) return ParseError::BadPayload;
    if (is_binary(packet.type) && !attachments_fit(*parsed, attachments))
      return ParseError::BadAttachment;
    if (is_event(packet.type))
      if (const auto error = read_event(*array, packet)) return error;
    packet.arguments.values = std::move(*array);
    return std::nullopt;
  }
  const bool fits = packet.type == PacketType::Connect        ? parsed->is_object()
                    : packet.type == PacketType::ConnectError ? parsed->is_object()
                                                              : false;
  if (!fits) return ParseError::BadPayload;
  packet.data = std::move(*parsed);
  return std::nullopt;
}

std::optional<ParseError> read_attachment_count(std::string_view& text, std::size_t& count) {
  const std::string_view digits = take_digits(text);
  if (digits.empty() || !text.starts_with('-')) return ParseError::BadAttachmentCount;
  text.remove_prefix(1);
  if (digits.size() > kMaxAttachmentDigits || to_number(digits) > kMaxAttachments)
    return ParseError::TooManyAttachments;
  count = to_number(digits);
  return std::nullopt;
}

std::string opening(PacketType type, std::string_view nsp, std::size_t attachments,
                    std::optional<std::uint64_t> ack) {
  std::string text = "4";
  text += static_cast<char>('0' + static_cast<int>(type));
  if (is_binary(type)) text += std::to_string(attachments) + "-";
  if (nsp != "/") {
    text += nsp;
    text += ',';
  }
  if (ack) text += std::to_string(*ack);
  return text;
}

std::string joined(const json::array& values) {
  std::string text;
  for (const json::value& value : values) {
    if (!text.empty()) text += ',';
    text += to_text(value);
  }
  return text;
}

Encoded single(const std::string& text) {
  Encoded encoded;
  encoded.frames.push_back({SharedBytes(text), false});
  return encoded;
}

void append_attachments(const Arguments& arguments, Encoded& encoded) {
  for (const std::string& attachment : arguments.attachments)
    encoded.frames.push_back({SharedBytes(attachment), true});
}

}  // namespace

std::optional<Bytes> Arguments::attachment(const json::value& value) const {
  if (attachments.empty()) return std::nullopt;
  const json::value* number = attachment_number(value);
  const std::int64_t* n = number ? number->if_int64() : nullptr;
  if (!n || *n < 0 || static_cast<std::size_t>(*n) >= attachments.size()) return std::nullopt;
  return as_bytes(attachments[static_cast<std::size_t>(*n)]);
}

Result<std::optional<Packet>, ParseError> Decoder::text(std::string_view text) {
  if (incomplete_) return fail(ParseError::UnexpectedText);
  if (text.empty()) return fail(ParseError::Empty);
  Packet packet;
  packet.bytes = text.size();
  if (packet.bytes > max_packet_bytes_) return fail(ParseError::TooLarge);
  if (text.front() < '0' || text.front() > '6') return fail(ParseError::UnknownType);
  packet.type = static_cast<PacketType>(text.front() - '0');
  text.remove_prefix(1);

  std::size_t attachments = 0;
  if (is_binary(packet.type))
    if (const auto error = read_attachment_count(text, attachments)) return fail(*error);
  if (text.starts_with('/')) {
    const std::string_view nsp = text.substr(0, text.find(','));
    if (nsp.size() > kMaxNamespaceLength) return fail(ParseError::BadNamespace);
    packet.nsp = std::string(nsp);
    text.remove_prefix(std::min(text.size(), nsp.size() + 1));
  }
  const std::string_view ack = take_digits(text);
  if (ack.size() > kMaxAckDigits) return fail(ParseError::BadAckId);
  if (!ack.empty()) packet.ack = to_number(ack);
  if (is_ack(packet.type) && !packet.ack) return fail(ParseError::BadAckId);
  Packet whole = packet;
  if (const auto error = read_payload(text, attachments, max_json_depth_, whole))
    return fail(*error);
  if (attachments == 0) return whole;
  incomplete_.emplace(std::move(packet), std::string(text), attachments);
  return std::optional<Packet>();
}

Result<std::optional<Packet>, ParseError> Decoder::binary(std::string data) {
  if (!incomplete_) return fail(ParseError::UnexpectedBinary);
  Packet& so_far = incomplete_->packet;
  if (data.size() > max_packet_bytes_ - so_far.bytes) return fail(ParseError::TooLarge);
  so_far.bytes += data.size();
  so_far.arguments.attachments.push_back(std::move(data));
  if (so_far.arguments.attachments.size() < incomplete_->attachments)
    return std::optional<Packet>();

  Incomplete whole = *std::exchange(incomplete_, std::nullopt);
  if (const auto error =
          read_payload(whole.payload, whole.attachments, max_json_depth_, whole.packet))
    return fail(*error);
  if (whole.packet.too_deep) whole.packet.arguments.attachments.clear();
  return std::move(whole.packet);
}

Encoded encode_event(std::string_view nsp, std::string_view name, const Arguments& arguments) {
  const bool binary = !arguments.attachments.empty();
  std::string text = opening(binary ? PacketType::BinaryEvent : PacketType::Event, nsp,
                             arguments.attachments.size(), std::nullopt);
  text += '[';
  text += json::serialize(json::string_view(name));
  if (!arguments.values.empty()) text += "," + joined(arguments.values);
  text += ']';
  Encoded encoded = single(text);
  append_attachments(arguments, encoded);
  return encoded;
}

Encoded encode_event(std::string_view nsp, std::string_view name, const json::value& payload) {
  return single(opening(PacketType::Event, nsp, 0, std::nullopt) + "[" +
                json::serialize(json::string_view(name)) + "," + to_text(payload) + "]");
}

Encoded encode_ack(std::string_view nsp, std::uint64_t id, const Arguments& arguments) {
  const bool binary = !arguments.attachments.empty();
  Encoded encoded = single(opening(binary ? PacketType::BinaryAck : PacketType::Ack, nsp,
                                   arguments.attachments.size(), id) +
                           "[" + joined(arguments.values) + "]");
  append_attachments(arguments, encoded);
  return encoded;
}

Encoded encode_connect(std::string_view nsp, std::string_view sid, std::string_view pid) {
  std::string text = opening(PacketType::Connect, nsp, 0, std::nullopt);
  text += "{\"sid\":\"" + std::string(sid) + "\"";
  if (!pid.empty()) text += ",\"pid\":\"" + std::string(pid) + "\"";
  return single(text + "}");
}

Encoded encode_connect_error(std::string_view nsp, std::string_view message,
                             const json::value& data) {
  json::object error{{"message", message}};
  if (!data.is_null()) error.emplace("data", data);
  return single(opening(PacketType::ConnectError, nsp, 0, std::nullopt) + to_text(error));
}

Encoded encode_disconnect(std::string_view nsp) {
  std::string text = opening(PacketType::Disconnect, nsp, 0, std::nullopt);
  return single(text);
}

}  // namespace sfu::signaling::socketio

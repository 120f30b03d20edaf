#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "fuzz/script.h"
#include "signaling/socketio/packet.h"

namespace {

using namespace sfu::signaling::socketio;
namespace json = boost::json;
using sfu::Result;

using sfu::fuzz::require;

std::optional<Encoded> encode(const Packet& packet) {
  switch (packet.type) {
    case PacketType::Event:
    case PacketType::BinaryEvent: return encode_event(packet.nsp, packet.name, packet.arguments);
    case PacketType::Ack:
    case PacketType::BinaryAck: return encode_ack(packet.nsp, *packet.ack, packet.arguments);
    default: return std::nullopt;
  }
}

/// Equality but for the last bits, which the JSON parser does not promise.
bool alike(double a, double b) {
  constexpr double kEpsilon = 1e-12;
  if (a == b) return true;
  return std::abs(a - b) <= std::max(kEpsilon * std::abs(a), std::numeric_limits<double>::min());
}

bool alike(const json::value& a, const json::value& b) {
  if (a.is_double() || b.is_double())
    return a.is_number() && b.is_number() && alike(a.to_number<double>(), b.to_number<double>());
  if (a.is_array() && b.is_array())
    return std::ranges::equal(
        a.get_array(), b.get_array(),
        [](const json::value& x, const json::value& y) { return alike(x, y); });
  if (!a.is_object() || !b.is_object()) return a == b;
  return std::ranges::equal(a.get_object(), b.get_object(), [](const auto& x, const auto& y) {
    return x.key() == y.key() && alike(x.value(), y.value());
  });
}

void survives_a_round_trip(const Packet& packet) {
  const auto encoded = encode(packet);
  if (!encoded || packet.too_deep) return;
  Decoder decoder;
  Result<std::optional<Packet>, ParseError> again = std::optional<Packet>();
  for (const auto& frame : encoded->frames) {
    const std::string_view text = frame.data.text();
    again = frame.binary ? decoder.binary(std::string(text)) : decoder.text(text.substr(1));
    require(again.has_value());
  }
  require(again->has_value());
  require((*again)->nsp == packet.nsp && (*again)->name == packet.name);
  require((*again)->arguments.attachments == packet.arguments.attachments);
  require(alike((*again)->arguments.values, packet.arguments.values));
}

}  // namespace

/// Properties: an accepted packet keeps its bounds, and written out it reads as the same packet.
/// The input is messages: a byte that says text or binary, two of length, the message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::size_t whole = size;
  Decoder decoder;
  while (size >= 3) {
    const std::size_t length =
        std::min<std::size_t>(static_cast<std::size_t>(data[1]) << 8 | data[2], size - 3);
    const std::string message(reinterpret_cast<const char*>(data + 3), length);
    const auto decoded = (data[0] & 1) ? decoder.binary(message) : decoder.text(message);
    if (!decoded) return 0;
    if (*decoded) {
      const Packet& packet = **decoded;
      require(packet.nsp.starts_with('/') && packet.nsp.size() <= kMaxNamespaceLength);
      require(packet.arguments.attachments.size() <= kMaxAttachments);
      for (const auto& value : packet.arguments.values)
        if (const auto bytes = packet.arguments.attachment(value)) require(bytes->size() <= whole);
      survives_a_round_trip(packet);
    }
    data += 3 + length;
    size -= 3 + length;
  }
  return 0;
}

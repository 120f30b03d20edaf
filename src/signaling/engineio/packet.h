#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shared_bytes.h"

namespace sfu::signaling::engineio {

/// Engine.IO protocol 4, section "Packet encoding": in a text frame or a polling payload the first
/// character is the type.
///
///   0 open   1 close   2 ping   3 pong   4 message   5 upgrade   6 noop
enum class PacketType : char {
  Open = '0',
  Close = '1',
  Ping = '2',
  Pong = '3',
  Message = '4',
  Upgrade = '5',
  Noop = '6',
};

enum class PacketError : std::uint8_t { Empty, UnknownType, BadBase64, TooManyPackets };

/// A packet as it came: `data` without the type. A binary one is always a message.
struct Packet {
  PacketType type = PacketType::Message;
  bool binary = false;
  std::string data;

  friend bool operator==(const Packet&, const Packet&) = default;
};

/// One packet as it goes out: a text frame with its type in front, or the bytes of a binary
/// message.
struct Frame {
  SharedBytes data;
  bool binary = false;
  bool may_wait = false;  // A moment, to leave together with what comes after it.
};

/// More packets in one polling payload than any client sends; each costs more than its bytes.
inline constexpr std::size_t kMaxPacketsInPayload = 10'000;
inline constexpr char kSeparator = '\x1e';

/// A text frame of a WebSocket.
Result<Packet, PacketError> decode_text(std::string_view frame);

/// The body of a POST: packets joined by the record separator, binary ones as 'b' and base64.
///
///   4hello\x1e2\x1ebAQIDBA==
Result<std::vector<Packet>, PacketError> decode_payload(std::string_view payload);

Frame text_frame(PacketType type, std::string_view data = {});

/// What `frame` adds to a payload besides a separator.
std::size_t payload_size(const Frame& frame);
void append_to_payload(const Frame& frame, std::string& payload);

}  // namespace sfu::signaling::engineio

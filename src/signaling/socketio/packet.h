#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "signaling/engineio/packet.h"

namespace sfu::signaling::socketio {

/// How deep each argument of an event may be nested unless otherwise said: [[1]] is 2.
inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxAttachments = 10;
inline constexpr std::size_t kMaxNamespaceLength = 128;
/// A packet with all its attachments, in bytes, unless otherwise said.
inline constexpr std::size_t kMaxPacketBytes = 1'000'000;

enum class PacketType : std::uint8_t {
  Connect = 0,
  Disconnect = 1,
  Event = 2,
  Ack = 3,
  ConnectError = 4,
  BinaryEvent = 5,
  BinaryAck = 6,
};

/// The arguments of an event or an acknowledgement. Where an argument or a part of one is binary,
/// the JSON has {"_placeholder":true,"num":n} and `attachments[n]` the bytes.
struct Arguments {
  boost::json::array values;
  std::vector<std::string> attachments;

  /// The bytes that `value` stands for, if it stands for an attachment.
  std::optional<Bytes> attachment(const boost::json::value& value) const;
};

struct Packet {
  PacketType type = PacketType::Connect;
  std::string nsp = "/";
  std::optional<std::uint64_t> ack;
  std::string name;         // of an event
  Arguments arguments;      // of an event (without its name) or an acknowledgement
  boost::json::value data;  // of a CONNECT or CONNECT_ERROR
  bool too_deep = false;    // an event or acknowledgement whose arguments were not read;
  bool name_known = true;   // then the name may be missing too
  std::size_t bytes = 0;    // as it came, with its attachments
};

enum class ParseError : std::uint8_t {
  Empty,
  UnknownType,
  BadAttachmentCount,
  TooManyAttachments,
  BadNamespace,
  BadAckId,
  BadJson,
  BadPayload,  // not what the type asks for: an event is an array that begins with a name
  ReservedEvent,
  BadAttachment,  // a number that no attachment has
  UnexpectedBinary,
  UnexpectedText,  // in the middle of a binary packet
  TooLarge,        // text and attachments together
};

/// Socket.IO protocol 5, "Packet encoding":
///
///   <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]      51-/custom,7["name",{…}]
///
/// A packet with attachments is followed by as many binary messages; until the last of them has
/// come its JSON is kept as text, once it was looked at. One decoder for each session.
class Decoder {
 public:
  explicit Decoder(std::size_t max_json_depth = kMaxJsonDepth,
                   std::size_t max_packet_bytes = kMaxPacketBytes)
      : max_json_depth_(max_json_depth), max_packet_bytes_(max_packet_bytes) {}

  /// The packet that `text` completes, or nothing while attachments are missing.
  Result<std::optional<Packet>, ParseError> text(std::string_view text);
  Result<std::optional<Packet>, ParseError> binary(std::string data);

  /// Of a packet whose attachments have not all come, as many bytes; otherwise 0.
  std::size_t held_bytes() const { return incomplete_ ? incomplete_->packet.bytes : 0; }
  /// Gives up the packet that is incomplete, if one is.
  void forget() { incomplete_.reset(); }

 private:
  struct Incomplete {
    Packet packet;
    std::string payload;  // Its JSON.
    std::size_t attachments;
  };

  const std::size_t max_json_depth_;
  const std::size_t max_packet_bytes_;
  std::optional<Incomplete> incomplete_;
};

/// Whether `text` can be nothing but a CONNECT.
inline bool is_connect(std::string_view text) { return text.starts_with('0'); }

/// A packet as Engine.IO messages, ready to be sent to any number of connections.
struct Encoded {
  std::vector<engineio::Frame> frames;

  /// What one more of many tells to all of them need not leave in a call of its own.
  void let_wait() {
    for (engineio::Frame& frame : frames) frame.may_wait = true;
  }
};

Encoded encode_event(std::string_view nsp, std::string_view name, const Arguments& arguments);
Encoded encode_event(std::string_view nsp, std::string_view name,
                     const boost::json::value& payload);
Encoded encode_ack(std::string_view nsp, std::uint64_t id, const Arguments& arguments);
/// `pid` is the session's private id, empty where it cannot be recovered.
Encoded encode_connect(std::string_view nsp, std::string_view sid, std::string_view pid = {});
Encoded encode_connect_error(std::string_view nsp, std::string_view message,
                             const boost::json::value& data);
Encoded encode_disconnect(std::string_view nsp);

}  // namespace sfu::signaling::socketio

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/packet_buffer.h"
#include "base/units.h"
#include "rtp/packet_writer.h"

namespace sfu::media {

/// One packet on its way to one receiver, before encryption. It is `header() | prefix() | payload`:
/// the header is authenticated, prefix and payload are encrypted. Header and prefix are this
/// packet's own and lie in one piece; the payload is shared with the history and all other
/// receivers and is never written to.
struct OutgoingPacket {
  /// A header with all that browsers send has some 40 bytes, with a dependency descriptor that
  /// attaches its structure up to 180. A packet whose head does not fit is not sent.
  static constexpr std::size_t kHeadCapacity = 320;

  PacketBuffer keeps_payload;
  Bytes payload;
  Ssrc ssrc;
  /// The SRTP packet index (RFC 3711 §3.3.1): rollover count and sequence number in one.
  std::uint64_t index = 0;
  rtp::PatchPoints patch;  // For transport-cc and abs-send-time, set at the flush; 0 where absent.
  std::uint16_t header_size = 0;
  std::uint8_t prefix_size = 0;
  bool marker = false;
  bool is_video = false;
  bool is_rtx = false;
  /// Sent once before under the same index, where no RTX is negotiated. Under an AEAD profile it
  /// must not be encrypted again with another header (RFC 7714 §8.1): the transport then drops it.
  bool is_repetition = false;
  std::array<std::uint8_t, kHeadCapacity> head;

  MutableBytes header() { return MutableBytes(head).first(header_size); }
  Bytes header() const { return Bytes(head).first(header_size); }
  Bytes prefix() const { return Bytes(head).subspan(header_size, prefix_size); }
  std::size_t size() const { return header_size + prefix_size + payload.size(); }
};

/// Where consumers put what they forward: the send queue of their transport.
class PacketSink {
 public:
  /// A place to build the next packet in, or null where the queue is full. All fields but `head`
  /// are as new. The place holds until the next call.
  virtual OutgoingPacket* emplace() = 0;
  /// Takes back the packet that was emplaced last.
  virtual void cancel() = 0;

 protected:
  ~PacketSink() = default;
};

}  // namespace sfu::media

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/packet_buffer.h"

namespace sfu::ice {

/// Each datagram on a stream has its size before it (RFC 4571 §2, which RFC 6544 §3 asks for).
inline constexpr std::size_t kFrameHeaderSize = 2;
inline constexpr std::size_t kMaxFrameSize = 65535;  // Without its header.

/// Cuts what a peer sends on a stream into datagrams, however the stream was cut into reads. A
/// datagram that has no place is skipped and counted: the next one is found all the same.
class FrameReader {
 public:
  struct Counters {
    std::uint64_t frames = 0;     // That were handed out.
    std::uint64_t empty = 0;      // RFC 4571 §2 lets them be sent, and has them ignored.
    std::uint64_t oversized = 0;  // Larger than a packet buffer.
    std::uint64_t no_buffer = 0;  // The arena was at its limit.
  };

  /// Takes bytes from the front of `stream` up to the end of a datagram, which is returned; without
  /// one, all of `stream` was taken. What has come of a datagram is kept in a buffer of `arena`,
  /// which outlives the reader.
  std::optional<PacketBuffer> read(Bytes& stream, PacketArena& arena);

  const Counters& counters() const { return counters_; }

 private:
  void read_header(Bytes& stream, PacketArena& arena);

  std::uint16_t size_ = 0;         // Of the frame, as far as its header has come.
  std::size_t header_bytes_ = 0;   // Of the header that have come.
  std::size_t payload_bytes_ = 0;  // Of the frame.
  PacketBuffer buffer_;            // Null while a frame is skipped.
  Counters counters_;
};

}  // namespace sfu::ice

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "ice/frame_reader.h"

namespace sfu::ice {

/// What is to be written to one stream. A peer that reads slowly loses datagrams, as it would by
/// UDP, and never half of one: media that is too much, or has waited too long, is left out as a
/// whole. The start of a datagram that was written is always followed by the rest of it.
class FrameQueue {
 public:
  /// Media beyond so many bytes is refused: the key frame of a large picture, and the next.
  static constexpr std::size_t kMaxMediaBytes = 256 * 1024;
  /// STUN and DTLS have this much more, so that media does not end the peer's consent.
  static constexpr std::size_t kMaxBytes = kMaxMediaBytes + 64 * 1024;
  /// Media that has waited longer is of no use to a conversation.
  static constexpr TimeDelta kMaxDelay = std::chrono::milliseconds(300);
  /// While what is to be begun next has waited longer, no large media is taken: of what the line
  /// carries then, voices get what they need, and wait behind little.
  static constexpr TimeDelta kPatience = std::chrono::milliseconds(100);
  static constexpr std::size_t kSmallMedia = 300;
  /// Of the memory that a burst took, so much is kept when it is over.
  static constexpr std::size_t kKeptBytes = 64 * 1024;

  struct Counters {
    std::uint64_t frames = 0;  // Written to their end.
    std::uint64_t bytes = 0;   // Of these, without the headers.
    std::uint64_t full = 0;    // Refused: there was no room, or it was large and others wait.
    std::uint64_t late = 0;    // Left out.
  };

  /// Takes a datagram in, of 1 to kMaxFrameSize bytes. False where it was dropped.
  bool push(Timestamp now, Bytes datagram);
  /// Leaves out media that has waited too long and is next to be written.
  void drop_late(Timestamp now);
  /// What is to be written next, until the next push() or drop_late().
  Bytes unwritten() const;
  /// So many bytes of unwritten() were written.
  void consume(std::size_t bytes);

  bool empty() const { return frames_.empty(); }
  const Counters& counters() const { return counters_; }

 private:
  struct Frame {
    Timestamp pushed;
    std::uint32_t size = 0;  // With its header.
    bool is_media = false;
  };

  bool has_place_for(Timestamp now, Bytes datagram) const;
  std::size_t queued_bytes() const { return bytes_.size() - head_; }
  void drop_second();
  void make_compact();

  std::vector<std::uint8_t> bytes_;
  std::size_t head_ = 0;          // Of bytes_: those before are written.
  std::size_t head_written_ = 0;  // Of the first frame.
  std::deque<Frame> frames_;      // From the one on that is written or is next.
  Counters counters_;
};

}  // namespace sfu::ice

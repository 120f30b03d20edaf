#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "media/numbering.h"
#include "media/received_packet.h"

namespace sfu::media {

/// Picture ids, TL0PICIDX and frame numbers of one outgoing stream: continuous over switches, and
/// for VP8 also over pictures that are left out.
///
/// VP8's receivers take a gap in picture ids for loss (RFC 7741 §4.2). VP9 and the dependency
/// descriptor count references in picture ids and frame numbers (RFC 9628 §4.2, AV1 RTP appendix
/// A), which therefore keep their distances between switches.
class PictureNumbers {
 public:
  /// Sets the picture parts of `shift` for a stream that starts with `packet`.
  void start(const ReceivedPacket& packet, Shift& shift);
  void handle_forwarded(const ReceivedPacket& packet, const Shift& shift);
  /// The same for a packet that came late, into a gap since the start.
  void handle_late(const ReceivedPacket& packet, const Shift& shift);
  /// Whether a packet that comes late for a gap from before the start would bear numbers that have
  /// been given out again: nobody could know, at the start, how many pictures were in that gap.
  bool repeats_numbers(const ReceivedPacket& packet, const Shift& shift) const;
  /// May change `shift` for what comes next.
  void handle_left_out(const ReceivedPacket& packet, Shift& shift);

 private:
  struct Numbers;
  static Numbers numbers_of(const ReceivedPacket& packet);
  void advance(const Numbers& numbers, const ReceivedPacket& packet, const Shift& shift);

  std::optional<std::uint16_t> picture_id_;  // The newest that left.
  std::optional<std::uint8_t> tl0_picture_index_;
  std::optional<std::uint16_t> frame_number_;
  std::optional<std::uint16_t> first_picture_id_;  // Since the start, as they left.
  std::optional<std::uint16_t> first_frame_number_;
  std::optional<std::uint16_t> newest_incoming_;  // Picture id, forwarded or left out.
};

/// The longest that replaces the head of a payload.
inline constexpr std::size_t kMaxRewrittenDescriptor = 8;

/// Writes into `out`, of kMaxRewrittenDescriptor bytes, what replaces as many bytes at the head of
/// the packet's payload. Returns how many; 0 where the payload leaves as it came.
std::size_t write_descriptor(const ReceivedPacket& packet, const Shift& shift, MutableBytes out);

/// Shifts the frame number in the dependency descriptor whose value begins at `offset` of `header`.
void shift_frame_number(MutableBytes header, std::size_t offset, std::uint16_t shift);

}  // namespace sfu::media

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/units.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_view.h"

namespace sfu::rtp {

struct HeaderFields {
  bool marker = false;
  bool padding = false;  // The P bit; who sets it appends the padding.
  std::uint8_t payload_type = 0;
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  Ssrc ssrc = {};
  std::span<const Ssrc> csrcs = {};  // At most kMaxCsrcs.
};

/// What is known only when the packet leaves, as offsets of its value from the start of the packet;
/// 0 where the header has none.
struct PatchPoints {
  std::uint16_t transport_cc = 0;
  std::uint16_t abs_send_time = 0;

  friend bool operator==(const PatchPoints&, const PatchPoints&) = default;
};

struct WrittenHeader {
  std::size_t size = 0;
  PatchPoints patch;
  /// Where the values of these elements are, as in PatchPoints.
  std::uint16_t mid = 0;
  std::uint16_t dependency_descriptor = 0;
};

/// Room that every header written here fits: fixed part, CSRCs, each known extension at its
/// longest.
inline constexpr std::size_t kHeaderRoom = 512;

/// Writes a header with these elements, in the one-byte form where all of them fit it (ids 1 to 14,
/// 1 to 16 bytes), else in the two-byte form (RFC 8285 §4). An empty list writes no block.
/// Nothing where `out` is too small or an element can be carried in neither form.
std::optional<std::size_t> write_header(const HeaderFields& fields,
                                        std::span<const HeaderExtension> extensions,
                                        MutableBytes out);

/// How a stream's packets leave: what Rewrite does not name is kept as it came.
struct Rewrite {
  Ssrc ssrc = {};
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  std::uint8_t payload_type = 0;
  std::optional<bool> marker = {};  // Else the packet's own.
  bool padding = false;             // As in HeaderFields.
  /// The outgoing MID; an empty one is not written.
  std::string_view mid = {};
};

/// The outgoing header of one packet for all receivers with the same extension ids and MIDs of one
/// length: laid out once, and copied and filled in for each. What browsers send has some 40 bytes.
class PreparedHeader {
 public:
  /// Lays out the header of `packet`. Elements whose kind both maps know are copied under the
  /// outgoing id, others are dropped. Room is made for a MID of `mid_size` bytes, unless it is 0;
  /// RID and repaired RID, which name the publisher's encodings, are never copied; where `outgoing`
  /// has transport-cc or abs-send-time, room for the value is made. CSRCs are kept. False where it
  /// does not fit kHeaderRoom or an element can be carried in neither form.
  bool prepare(const PacketView& packet, const ExtensionMap& incoming, const ExtensionMap& outgoing,
               std::size_t mid_size);

  /// Writes the header for one receiver; `rewrite.mid` has the size it was prepared for. Nothing
  /// where `out` is too small. On the hot path: a copy and a few stores.
  std::optional<WrittenHeader> write(const Rewrite& rewrite, MutableBytes out) const {
    if (layout_.size > out.size()) return std::nullopt;
    std::memcpy(out.data(), bytes_.data(), layout_.size);
    if (rewrite.padding) out[0] |= kPaddingBit;
    const bool marker = rewrite.marker.value_or((bytes_[1] & kMarkerBit) != 0);
    out[1] = static_cast<std::uint8_t>((marker ? kMarkerBit : 0) | (rewrite.payload_type & 0x7f));
    store_be16(out, 2, rewrite.sequence_number);
    store_be32(out, 4, rewrite.timestamp);
    store_be32(out, 8, rewrite.ssrc.value);
    if (layout_.mid != 0)
      std::memcpy(out.data() + layout_.mid, rewrite.mid.data(), rewrite.mid.size());
    return layout_;
  }

 private:
  static constexpr std::uint8_t kPaddingBit = 0x20;
  static constexpr std::uint8_t kMarkerBit = 0x80;

  WrittenHeader layout_;
  std::array<std::uint8_t, kHeaderRoom> bytes_;
};

// Called at the flush, on the finished packet.
void patch_transport_cc(MutableBytes packet, const PatchPoints& patch,
                        std::uint16_t sequence_number);
void patch_abs_send_time(MutableBytes packet, const PatchPoints& patch, Timestamp now);

}  // namespace sfu::rtp

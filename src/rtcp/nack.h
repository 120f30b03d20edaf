#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

/// One packet lost and a mask of the 16 after it (RFC 4585 §6.2.1).
struct NackItem {
  static constexpr std::size_t kWireSize = 4;

  std::uint16_t packet_id = 0;
  std::uint16_t following = 0;  // Bit i: packet_id + i + 1 is lost too.

  static NackItem read(Bytes bytes) { return {load_be16(bytes, 0), load_be16(bytes, 2)}; }
  friend bool operator==(const NackItem&, const NackItem&) = default;
};

/// A generic NACK.
struct Nack {
  Ssrc sender;
  Ssrc media;
  WireList<NackItem> items;  // At least one.

  static Result<Nack, ParseError> parse(const PacketView& packet);

  /// visit(std::uint16_t) for each lost sequence number, in the order of the wire. Numbers may
  /// repeat; at most 17 for each item.
  template <class Visitor>
  void for_each_lost(Visitor&& visit) const {
    for (const NackItem item : items) {
      visit(item.packet_id);
      for (unsigned bit = 0; bit < 16; ++bit)
        if (item.following >> bit & 1u) visit(static_cast<std::uint16_t>(item.packet_id + bit + 1));
    }
  }
};

/// `lost` ascends (around the wrap), without repetition. Returns how many of them, from the front,
/// found room; call again with the rest. 0: nothing was appended.
std::size_t append_nack(CompoundBuilder& builder, Ssrc sender, Ssrc media,
                        std::span<const std::uint16_t> lost);

}  // namespace sfu::rtcp

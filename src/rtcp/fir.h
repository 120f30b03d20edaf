#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

struct FirEntry {
  static constexpr std::size_t kWireSize = 8;

  Ssrc media;
  std::uint8_t command_number = 0;  // A repeated request keeps it, a new one counts up.

  static FirEntry read(Bytes bytes) { return {Ssrc{load_be32(bytes, 0)}, bytes[4]}; }
  friend bool operator==(const FirEntry&, const FirEntry&) = default;
};

/// Full intra request (RFC 5104 §4.3.1).
struct Fir {
  Ssrc sender;
  WireList<FirEntry> entries;  // At least one.

  static Result<Fir, ParseError> parse(const PacketView& packet);
};

bool append_fir(CompoundBuilder& builder, Ssrc sender, std::span<const FirEntry> entries);

}  // namespace sfu::rtcp

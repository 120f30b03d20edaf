#pragma once

#include "base/result.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

/// Picture loss indication (RFC 4585 §6.3.1).
struct Pli {
  Ssrc sender;
  Ssrc media;

  static Result<Pli, ParseError> parse(const PacketView& packet);
  friend bool operator==(const Pli&, const Pli&) = default;
};

bool append_pli(CompoundBuilder& builder, const Pli& pli);

}  // namespace sfu::rtcp

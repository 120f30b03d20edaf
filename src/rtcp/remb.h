#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "base/units.h"
#include "rtcp/goodbye.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

inline constexpr std::size_t kMaxRembSources = 255;

/// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 §2.2).
struct Remb {
  Ssrc sender;
  DataRate bitrate;  // Never negative; what exceeds 63 bits is cut there.
  WireList<WireSsrc> sources;

  static Result<Remb, ParseError> parse(const PacketView& packet);
};

/// Whether payload-specific feedback of format 15 is a REMB: others share the format.
bool is_remb(const PacketView& packet);

/// The mantissa has 18 bits: the bitrate is rounded down to it.
bool append_remb(CompoundBuilder& builder, Ssrc sender, DataRate bitrate,
                 std::span<const Ssrc> sources);

}  // namespace sfu::rtcp

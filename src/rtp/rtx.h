#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/units.h"
#include "rtp/packet_view.h"

namespace sfu::rtp {

/// RFC 4588 §4: the original sequence number opens the payload.
inline constexpr std::size_t kOsnSize = 2;

/// Nothing where the payload is shorter: such a packet carries padding alone.
std::optional<std::uint16_t> original_sequence_number(const PacketView& rtx);

/// Turns a retransmission back into the packet that was lost, in place: takes out the original
/// sequence number by moving the header forward, and sets SSRC, payload type and sequence number.
/// Returns the packet, the tail of `rtx` (padding stays), or nothing where `rtx` is no valid RTP
/// packet or carries no original. Views of `rtx` are stale afterwards.
std::optional<MutableBytes> unwrap_rtx(MutableBytes rtx, Ssrc original_ssrc,
                                       std::uint8_t original_payload_type);

/// The payload of a retransmission into `out`: the number under which the packet went out at first,
/// then its payload. Returns the size, or nothing where it does not fit.
std::optional<std::size_t> write_rtx_payload(std::uint16_t original_sequence_number, Bytes payload,
                                             MutableBytes out);

}  // namespace sfu::rtp

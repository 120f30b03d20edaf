#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "rtcp/packet.h"
#include "rtp/ntp.h"

namespace sfu::rtcp {

/// One sub-block of a DLRR (RFC 3611 §4.5): lets a receiver that sends nothing find its round trip.
struct DlrrItem {
  static constexpr std::size_t kWireSize = 12;

  Ssrc receiver;                                       // Whose RRTR is answered.
  std::uint32_t last_receiver_report = 0;              // Compact NTP of it; 0 for none.
  std::uint32_t delay_since_last_receiver_report = 0;  // 1/65536 s.

  static DlrrItem read(Bytes bytes) {
    return {Ssrc{load_be32(bytes, 0)}, load_be32(bytes, 4), load_be32(bytes, 8)};
  }
  friend bool operator==(const DlrrItem&, const DlrrItem&) = default;
};

/// RFC 3611: the blocks RRTR (§4.4) and DLRR; others are checked for their length and skipped.
struct ExtendedReport {
  Ssrc sender;
  std::optional<rtp::NtpTime> receiver_reference_time = {};  // RRTR
  WireList<DlrrItem> dlrr;                                   // Of the first DLRR block.

  static Result<ExtendedReport, ParseError> parse(const PacketView& packet);
};

bool append_receiver_reference_time(CompoundBuilder& builder, Ssrc sender, rtp::NtpTime now);
bool append_dlrr(CompoundBuilder& builder, Ssrc sender, std::span<const DlrrItem> items);

}  // namespace sfu::rtcp

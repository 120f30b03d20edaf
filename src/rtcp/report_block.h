#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/units.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

inline constexpr std::size_t kMaxReportBlocks = 31;  // Five bits of count.

/// One reception report (RFC 3550 §6.4.1).
struct ReportBlock {
  static constexpr std::size_t kWireSize = 24;

  Ssrc ssrc;                         // Whom it reports on.
  std::uint8_t fraction_lost = 0;    // Of 256, since the last report.
  std::int32_t cumulative_lost = 0;  // 24 bits signed on the wire; clamped when written.
  std::uint32_t extended_highest_sequence = 0;
  std::uint32_t jitter = 0;                          // RTP clock ticks.
  std::uint32_t last_sender_report = 0;              // Compact NTP; 0 for none.
  std::uint32_t delay_since_last_sender_report = 0;  // 1/65536 s.

  static ReportBlock read(Bytes bytes);
  void write(MutableBytes out) const;

  friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

using ReportBlocks = WireList<ReportBlock>;

}  // namespace sfu::rtcp

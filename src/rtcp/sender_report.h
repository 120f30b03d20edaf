#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "rtcp/packet.h"
#include "rtcp/report_block.h"
#include "rtp/ntp.h"

namespace sfu::rtcp {

/// RFC 3550 §6.4.1, its reports apart.
struct SenderInfo {
  Ssrc sender;
  rtp::NtpTime ntp;
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packet_count = 0;
  std::uint32_t octet_count = 0;  // Of payload.

  friend bool operator==(const SenderInfo&, const SenderInfo&) = default;
};

struct SenderReport {
  SenderInfo info;
  ReportBlocks reports;

  static Result<SenderReport, ParseError> parse(const PacketView& packet);
};

/// At most kMaxReportBlocks reports.
bool append_sender_report(CompoundBuilder& builder, const SenderInfo& info,
                          std::span<const ReportBlock> reports = {});

}  // namespace sfu::rtcp

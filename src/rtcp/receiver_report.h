#pragma once

#include <span>

#include "base/result.h"
#include "rtcp/packet.h"
#include "rtcp/report_block.h"

namespace sfu::rtcp {

/// RFC 3550 §6.4.2.
struct ReceiverReport {
  Ssrc sender;
  ReportBlocks reports;

  static Result<ReceiverReport, ParseError> parse(const PacketView& packet);
};

/// At most kMaxReportBlocks reports; one without any is valid, and opens a compound that has
/// nothing to report.
bool append_receiver_report(CompoundBuilder& builder, Ssrc sender,
                            std::span<const ReportBlock> reports = {});

}  // namespace sfu::rtcp

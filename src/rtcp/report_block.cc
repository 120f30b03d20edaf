#include "rtcp/report_block.h"

#include <algorithm>

namespace sfu::rtcp {
namespace {

constexpr std::int32_t kMinLost = -(1 << 23);
constexpr std::int32_t kMaxLost = (1 << 23) - 1;

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                 SSRC that is reported on                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | fraction lost |       cumulative number of packets lost       |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           extended highest sequence number received           |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      interarrival jitter                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         last SR (LSR)                         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                   delay since last SR (DLSR)                  |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
ReportBlock ReportBlock::read(Bytes bytes) {
  return {.ssrc = Ssrc{load_be32(bytes, 0)},
          .fraction_lost = bytes[4],
          .cumulative_lost = static_cast<std::int32_t>(load_be24(bytes, 5) << 8) >> 8,
          .extended_highest_sequence = load_be32(bytes, 8),
          .jitter = load_be32(bytes, 12),
          .last_sender_report = load_be32(bytes, 16),
          .delay_since_last_sender_report = load_be32(bytes, 20)};
}

void ReportBlock::write(MutableBytes out) const {
  store_be32(out, 0, ssrc.value);
  out[4] = fraction_lost;
  store_be24(out, 5, static_cast<std::uint32_t>(std::clamp(cumulative_lost, kMinLost, kMaxLost)));
  store_be32(out, 8, extended_highest_sequence);
  store_be32(out, 12, jitter);
  store_be32(out, 16, last_sender_report);
  store_be32(out, 20, delay_since_last_sender_report);
}

}  // namespace sfu::rtcp

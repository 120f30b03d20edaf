#include "rtcp/sender_report.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kInfoSize = 24;

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         SSRC of sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                   NTP timestamp (64 bits)                     |
//  |                                                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         RTP timestamp                         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     sender's packet count                     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      sender's octet count                     |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |           report blocks, as many as the header's count        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<SenderReport, ParseError> SenderReport::parse(const PacketView& packet) {
  if (packet.type != PacketType::SenderReport) return fail(ParseError::WrongType);
  const std::size_t reports_size = packet.count * ReportBlock::kWireSize;
  if (packet.body.size() < kInfoSize + reports_size) return fail(ParseError::TruncatedBody);
  return SenderReport{{.sender = Ssrc{load_be32(packet.body, 0)},
                       .ntp = rtp::NtpTime{load_be64(packet.body, 4)},
                       .rtp_timestamp = load_be32(packet.body, 12),
                       .packet_count = load_be32(packet.body, 16),
                       .octet_count = load_be32(packet.body, 20)},
                      ReportBlocks(packet.body.subspan(kInfoSize, reports_size))};
}

bool append_sender_report(CompoundBuilder& builder, const SenderInfo& info,
                          std::span<const ReportBlock> reports) {
  if (reports.size() > kMaxReportBlocks) return false;
  const MutableBytes body =
      builder.open(PacketType::SenderReport, static_cast<std::uint8_t>(reports.size()),
                   kInfoSize + reports.size() * ReportBlock::kWireSize);
  if (body.empty()) return false;
  store_be32(body, 0, info.sender.value);
  store_be64(body, 4, info.ntp.value);
  store_be32(body, 12, info.rtp_timestamp);
  store_be32(body, 16, info.packet_count);
  store_be32(body, 20, info.octet_count);
  for (std::size_t i = 0; i < reports.size(); ++i)
    reports[i].write(body.subspan(kInfoSize + i * ReportBlock::kWireSize));
  return true;
}

}  // namespace sfu::rtcp

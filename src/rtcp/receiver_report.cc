#include "rtcp/receiver_report.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kSenderSize = 4;

}  // namespace

//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     SSRC of packet sender                     |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |           report blocks, as many as the header's count        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<ReceiverReport, ParseError> ReceiverReport::parse(const PacketView& packet) {
  if (packet.type != PacketType::ReceiverReport) return fail(ParseError::WrongType);
  const std::size_t reports_size = packet.count * ReportBlock::kWireSize;
  if (packet.body.size() < kSenderSize + reports_size) return fail(ParseError::TruncatedBody);
  return ReceiverReport{Ssrc{load_be32(packet.body, 0)},
                        ReportBlocks(packet.body.subspan(kSenderSize, reports_size))};
}

bool append_receiver_report(CompoundBuilder& builder, Ssrc sender,
                            std::span<const ReportBlock> reports) {
  if (reports.size() > kMaxReportBlocks) return false;
  const MutableBytes body =
      builder.open(PacketType::ReceiverReport, static_cast<std::uint8_t>(reports.size()),
                   kSenderSize + reports.size() * ReportBlock::kWireSize);
  if (body.empty()) return false;
  store_be32(body, 0, sender.value);
  for (std::size_t i = 0; i < reports.size(); ++i)
    reports[i].write(body.subspan(kSenderSize + i * ReportBlock::kWireSize));
  return true;
}

}  // namespace sfu::rtcp

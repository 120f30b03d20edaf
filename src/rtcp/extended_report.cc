#include "rtcp/extended_report.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kSenderSize = 4;
constexpr std::size_t kBlockHeaderSize = 4;
constexpr std::uint8_t kReceiverReferenceTime = 4;
constexpr std::size_t kReferenceTimeSize = 8;
constexpr std::uint8_t kDlrr = 5;

/// Opens an XR of one block and writes both headers; returns the block's contents.
MutableBytes open_block(CompoundBuilder& builder, Ssrc sender, std::uint8_t type,
                        std::size_t contents_size) {
  const MutableBytes body =
      builder.open(PacketType::ExtendedReport, 0, kSenderSize + kBlockHeaderSize + contents_size);
  if (body.empty()) return {};
  store_be32(body, 0, sender.value);
  body[4] = type;
  body[5] = 0;
  store_be16(body, 6, static_cast<std::uint16_t>(contents_size / 4));
  return body.subspan(kSenderSize + kBlockHeaderSize);
}

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                              SSRC                             |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+ blocks:
//  |     type      | type-specific |  length (32-bit words)        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  RRTR: NTP timestamp, 64 bits                                 |
//  |  DLRR: for each receiver its SSRC, last RR, delay since it    |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<ExtendedReport, ParseError> ExtendedReport::parse(const PacketView& packet) {
  if (packet.type != PacketType::ExtendedReport) return fail(ParseError::WrongType);
  if (packet.body.size() < kSenderSize) return fail(ParseError::TruncatedBody);
  ExtendedReport report{Ssrc{load_be32(packet.body, 0)}, std::nullopt, {}};

  Bytes rest = packet.body.subspan(kSenderSize);
  while (!rest.empty()) {
    if (rest.size() < kBlockHeaderSize) return fail(ParseError::TruncatedBody);
    const std::size_t size = std::size_t{4} * load_be16(rest, 2);
    if (size > rest.size() - kBlockHeaderSize) return fail(ParseError::TruncatedBody);
    const Bytes contents = rest.subspan(kBlockHeaderSize, size);
    if (rest[0] == kReceiverReferenceTime) {
      if (size != kReferenceTimeSize) return fail(ParseError::BadValue);
      report.receiver_reference_time = rtp::NtpTime{load_be64(contents, 0)};
    } else if (rest[0] == kDlrr) {
      if (size % DlrrItem::kWireSize != 0) return fail(ParseError::BadValue);
      if (report.dlrr.empty()) report.dlrr = WireList<DlrrItem>(contents);
    }
    rest = rest.subspan(kBlockHeaderSize + size);
  }
  return report;
}

bool append_receiver_reference_time(CompoundBuilder& builder, Ssrc sender, rtp::NtpTime now) {
  const MutableBytes contents =
      open_block(builder, sender, kReceiverReferenceTime, kReferenceTimeSize);
  if (contents.empty()) return false;
  store_be64(contents, 0, now.value);
  return true;
}

bool append_dlrr(CompoundBuilder& builder, Ssrc sender, std::span<const DlrrItem> items) {
  if (items.empty()) return false;
  const MutableBytes contents =
      open_block(builder, sender, kDlrr, items.size() * DlrrItem::kWireSize);
  if (contents.empty()) return false;
  std::size_t at = 0;
  for (const DlrrItem& item : items) {
    store_be32(contents, at, item.receiver.value);
    store_be32(contents, at + 4, item.last_receiver_report);
    store_be32(contents, at + 8, item.delay_since_last_receiver_report);
    at += DlrrItem::kWireSize;
  }
  return true;
}

}  // namespace sfu::rtcp

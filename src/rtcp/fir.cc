#include "rtcp/fir.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kSourcesSize = 8;

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of packet sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  0 (each entry names its media source)        |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |                  SSRC of media source                         | once or more
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | command nr.   |                  reserved                     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Fir, ParseError> Fir::parse(const PacketView& packet) {
  if (packet.type != PacketType::PayloadSpecificFeedback || packet.count != kFirFormat)
    return fail(ParseError::WrongType);
  if (packet.body.size() < kSourcesSize + FirEntry::kWireSize)
    return fail(ParseError::TruncatedBody);
  const Bytes entries = packet.body.subspan(kSourcesSize);
  if (entries.size() % FirEntry::kWireSize != 0) return fail(ParseError::BadValue);
  return Fir{Ssrc{load_be32(packet.body, 0)}, WireList<FirEntry>(entries)};
}

bool append_fir(CompoundBuilder& builder, Ssrc sender, std::span<const FirEntry> entries) {
  if (entries.empty()) return false;
  const MutableBytes body = builder.open(PacketType::PayloadSpecificFeedback, kFirFormat,
                                         kSourcesSize + entries.size() * FirEntry::kWireSize);
  if (body.empty()) return false;
  store_be32(body, 0, sender.value);
  store_be32(body, 4, 0);
  std::size_t at = kSourcesSize;
  for (const FirEntry& entry : entries) {
    store_be32(body, at, entry.media.value);
    body[at + 4] = entry.command_number;
    store_be24(body, at + 5, 0);
    at += FirEntry::kWireSize;
  }
  return true;
}

}  // namespace sfu::rtcp

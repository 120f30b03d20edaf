#include "rtcp/nack.h"

#include <algorithm>

namespace sfu::rtcp {
namespace {

constexpr std::size_t kSourcesSize = 8;
constexpr std::uint16_t kMaskBits = 16;

/// How many of `lost`, from the front, one item can name.
std::size_t fits_one_item(std::span<const std::uint16_t> lost) {
  std::size_t count = 1;
  while (count < lost.size() && static_cast<std::uint16_t>(lost[count] - lost[0]) <= kMaskBits)
    ++count;
  return count;
}

NackItem item_of(std::span<const std::uint16_t> lost) {
  NackItem item{lost[0], 0};
  for (const std::uint16_t number : lost.subspan(1)) {
    const auto behind = static_cast<std::uint16_t>(number - lost[0]);
    if (behind != 0)
      item.following = static_cast<std::uint16_t>(item.following | 1u << (behind - 1));
  }
  return item;
}

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of packet sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of media source                         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |       packet id (PID)         | following lost packets (BLP)  | once or more
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Nack, ParseError> Nack::parse(const PacketView& packet) {
  if (packet.type != PacketType::TransportLayerFeedback || packet.count != kNackFormat)
    return fail(ParseError::WrongType);
  if (packet.body.size() < kSourcesSize + NackItem::kWireSize)
    return fail(ParseError::TruncatedBody);
  const Bytes items = packet.body.subspan(kSourcesSize);
  if (items.size() % NackItem::kWireSize != 0) return fail(ParseError::BadValue);
  return Nack{Ssrc{load_be32(packet.body, 0)}, Ssrc{load_be32(packet.body, 4)},
              WireList<NackItem>(items)};
}

std::size_t append_nack(CompoundBuilder& builder, Ssrc sender, Ssrc media,
                        std::span<const std::uint16_t> lost) {
  if (builder.room() < kHeaderSize + kSourcesSize) return 0;
  const std::size_t room_for = (builder.room() - kHeaderSize - kSourcesSize) / NackItem::kWireSize;
  std::size_t items = 0;
  std::size_t taken = 0;
  while (taken < lost.size() && items < room_for) {
    taken += fits_one_item(lost.subspan(taken));
    ++items;
  }
  if (items == 0) return 0;

  const MutableBytes body = builder.open(PacketType::TransportLayerFeedback, kNackFormat,
                                         kSourcesSize + items * NackItem::kWireSize);
  if (body.empty()) return 0;
  store_be32(body, 0, sender.value);
  store_be32(body, 4, media.value);
  std::span<const std::uint16_t> rest = lost.first(taken);
  for (std::size_t at = kSourcesSize; !rest.empty(); at += NackItem::kWireSize) {
    const std::size_t count = fits_one_item(rest);
    const NackItem item = item_of(rest.first(count));
    store_be16(body, at, item.packet_id);
    store_be16(body, at + 2, item.following);
    rest = rest.subspan(count);
  }
  return taken;
}

}  // namespace sfu::rtcp

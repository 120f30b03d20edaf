#include "rtcp/pli.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kBodySize = 8;

}  // namespace

//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of packet sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of media source                         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Pli, ParseError> Pli::parse(const PacketView& packet) {
  if (packet.type != PacketType::PayloadSpecificFeedback || packet.count != kPliFormat)
    return fail(ParseError::WrongType);
  if (packet.body.size() < kBodySize) return fail(ParseError::TruncatedBody);
  return Pli{Ssrc{load_be32(packet.body, 0)}, Ssrc{load_be32(packet.body, 4)}};
}

bool append_pli(CompoundBuilder& builder, const Pli& pli) {
  const MutableBytes body =
      builder.open(PacketType::PayloadSpecificFeedback, kPliFormat, kBodySize);
  if (body.empty()) return false;
  store_be32(body, 0, pli.sender.value);
  store_be32(body, 4, pli.media.value);
  return true;
}

}  // namespace sfu::rtcp

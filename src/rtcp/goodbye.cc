#include "rtcp/goodbye.h"

#include <algorithm>

namespace sfu::rtcp {
namespace {

constexpr std::size_t kMaxReason = 255;

}  // namespace

//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |            SSRC/CSRC, as many as the header's count           |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |     length    |       reason for leaving, optional            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Goodbye, ParseError> Goodbye::parse(const PacketView& packet) {
  if (packet.type != PacketType::Goodbye) return fail(ParseError::WrongType);
  const std::size_t sources_size = packet.count * WireSsrc::kWireSize;
  if (packet.body.size() < sources_size) return fail(ParseError::TruncatedBody);
  Goodbye goodbye{WireList<WireSsrc>(packet.body.first(sources_size)), {}};
  const Bytes rest = packet.body.subspan(sources_size);
  if (!rest.empty()) {
    if (rest[0] > rest.size() - 1) return fail(ParseError::TruncatedBody);
    goodbye.reason = as_text(rest.subspan(1, rest[0]));
  }
  return goodbye;
}

bool append_goodbye(CompoundBuilder& builder, std::span<const Ssrc> sources,
                    std::string_view reason) {
  if (sources.empty() || sources.size() > kMaxGoodbyeSources || reason.size() > kMaxReason)
    return false;
  const std::size_t reason_size = reason.empty() ? 0 : (1 + reason.size() + 3) / 4 * 4;
  const MutableBytes body =
      builder.open(PacketType::Goodbye, static_cast<std::uint8_t>(sources.size()),
                   sources.size() * WireSsrc::kWireSize + reason_size);
  if (body.empty()) return false;
  std::size_t at = 0;
  for (const Ssrc source : sources) {
    store_be32(body, at, source.value);
    at += WireSsrc::kWireSize;
  }
  if (reason.empty()) return true;
  body[at++] = static_cast<std::uint8_t>(reason.size());
  const Bytes text = as_bytes(reason);
  std::ranges::copy(text, body.subspan(at).begin());
  std::ranges::fill(body.subspan(at + text.size()), std::uint8_t{0});
  return true;
}

}  // namespace sfu::rtcp

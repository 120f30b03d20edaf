#include "rtcp/remb.h"

#include <bit>
#include <limits>

namespace sfu::rtcp {
namespace {

constexpr std::uint32_t kIdentifier = 0x52454D42;  // "REMB"
constexpr std::size_t kFixedSize = 16;
constexpr unsigned kMantissaBits = 18;
constexpr std::uint32_t kMantissaMask = (1u << kMantissaBits) - 1;

DataRate decode_bitrate(std::uint32_t mantissa, unsigned exponent) {
  const bool overflows = mantissa != 0 && exponent + std::bit_width(mantissa) > 63;
  return DataRate::from_bps(overflows ? std::numeric_limits<std::int64_t>::max()
                                      : std::int64_t{mantissa} << (mantissa == 0 ? 0 : exponent));
}

}  // namespace

bool is_remb(const PacketView& packet) {
  return packet.type == PacketType::PayloadSpecificFeedback &&
         packet.count == kApplicationLayerFormat && packet.body.size() >= kFixedSize &&
         load_be32(packet.body, 8) == kIdentifier;
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of packet sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  0                                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  identifier 'R' 'E' 'M' 'B'                                   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  num SSRC     | exponent  |  mantissa, 18 bits                |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |   SSRC feedback, num SSRC times                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Remb, ParseError> Remb::parse(const PacketView& packet) {
  if (packet.type != PacketType::PayloadSpecificFeedback || packet.count != kApplicationLayerFormat)
    return fail(ParseError::WrongType);
  if (packet.body.size() < kFixedSize) return fail(ParseError::TruncatedBody);
  if (!is_remb(packet)) return fail(ParseError::WrongType);

  const std::size_t sources_size = packet.body[12] * WireSsrc::kWireSize;
  if (packet.body.size() - kFixedSize < sources_size) return fail(ParseError::TruncatedBody);
  const std::uint32_t rate = load_be24(packet.body, 13);
  return Remb{Ssrc{load_be32(packet.body, 0)},
              decode_bitrate(rate & kMantissaMask, rate >> kMantissaBits),
              WireList<WireSsrc>(packet.body.subspan(kFixedSize, sources_size))};
}

bool append_remb(CompoundBuilder& builder, Ssrc sender, DataRate bitrate,
                 std::span<const Ssrc> sources) {
  if (sources.size() > kMaxRembSources || bitrate < DataRate{}) return false;
  const MutableBytes body =
      builder.open(PacketType::PayloadSpecificFeedback, kApplicationLayerFormat,
                   kFixedSize + sources.size() * WireSsrc::kWireSize);
  if (body.empty()) return false;
  const auto bps = static_cast<std::uint64_t>(bitrate.bps());
  const unsigned width = static_cast<unsigned>(std::bit_width(bps));
  const unsigned exponent = width > kMantissaBits ? width - kMantissaBits : 0;

  store_be32(body, 0, sender.value);
  store_be32(body, 4, 0);
  store_be32(body, 8, kIdentifier);
  body[12] = static_cast<std::uint8_t>(sources.size());
  store_be24(body, 13, exponent << kMantissaBits | static_cast<std::uint32_t>(bps >> exponent));
  std::size_t at = kFixedSize;
  for (const Ssrc source : sources) {
    store_be32(body, at, source.value);
    at += WireSsrc::kWireSize;
  }
  return true;
}

}  // namespace sfu::rtcp

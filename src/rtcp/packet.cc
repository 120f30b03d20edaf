#include "rtcp/packet.h"

namespace sfu::rtcp {
namespace {

constexpr std::uint8_t kFirstRtcpType = 192;
constexpr std::uint8_t kLastRtcpType = 223;
constexpr std::uint8_t kPaddingFlag = 0x20;
constexpr std::size_t kMaxBody = 4 * 0xFFFF;

std::size_t size_on_wire(Bytes packet) { return 4 * (std::size_t{load_be16(packet, 2)} + 1); }

bool has_padding(Bytes packet) { return (packet[0] & kPaddingFlag) != 0; }

}  // namespace

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::TooShort: return "shorter than a header";
    case ParseError::WrongVersion: return "version is not 2";
    case ParseError::NotRtcp: return "packet type is not of RTCP";
    case ParseError::LengthMismatch: return "length runs past the end";
    case ParseError::BadPadding: return "padding is zero or exceeds the body";
    case ParseError::WrongType: return "another packet type";
    case ParseError::TruncatedBody: return "body is shorter than its counts say";
    case ParseError::BadValue: return "a field contradicts the rest";
  }
  return "unknown";
}

bool looks_like_rtcp(Bytes datagram) {
  return datagram.size() >= 2 && datagram[1] >= kFirstRtcpType && datagram[1] <= kLastRtcpType;
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |V=2|P|  count  |      type     |   length (32-bit words) - 1   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | body ...                      | padding ...   | padding size  | if P
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<Compound, ParseError> Compound::parse(Bytes datagram) {
  Bytes rest = datagram;
  do {
    if (rest.size() < kHeaderSize) return fail(ParseError::TooShort);
    if (rest[0] >> 6 != 2) return fail(ParseError::WrongVersion);
    if (!looks_like_rtcp(rest)) return fail(ParseError::NotRtcp);
    const std::size_t size = size_on_wire(rest);
    if (size > rest.size()) return fail(ParseError::LengthMismatch);
    if (has_padding(rest)) {
      const std::size_t body_size = size - kHeaderSize;
      const std::size_t padding = body_size == 0 ? 0 : rest[size - 1];
      if (padding == 0 || padding > body_size) return fail(ParseError::BadPadding);
    }
    rest = rest.subspan(size);
  } while (!rest.empty());
  return Compound(datagram);
}

PacketView Compound::Iterator::operator*() const {
  const Bytes packet = rest_.first(size_on_wire(rest_));
  const std::size_t padding = has_padding(packet) ? packet.back() : 0;
  return {static_cast<PacketType>(packet[1]), static_cast<std::uint8_t>(packet[0] & 0x1f),
          packet.subspan(kHeaderSize, packet.size() - kHeaderSize - padding)};
}

Compound::Iterator& Compound::Iterator::operator++() {
  rest_ = rest_.subspan(size_on_wire(rest_));
  return *this;
}

MutableBytes CompoundBuilder::open(PacketType type, std::uint8_t count, std::size_t body_size) {
  if (body_size > kMaxBody || kHeaderSize + body_size > room()) return {};
  const MutableBytes packet = buffer_.subspan(size_, kHeaderSize + body_size);
  packet[0] = static_cast<std::uint8_t>(0x80 | (count & 0x1f));
  packet[1] = static_cast<std::uint8_t>(type);
  store_be16(packet, 2, static_cast<std::uint16_t>(body_size / 4));
  size_ += packet.size();
  return packet.subspan(kHeaderSize);
}

}  // namespace sfu::rtcp

#include "rtp/codec/av1.h"

#include <optional>

namespace sfu::rtp::codec {
namespace {

constexpr std::uint8_t kObuSequenceHeader = 1;
constexpr std::size_t kMaxLeb128Bytes = 4;  // Enough for any size that fits a datagram.

struct Leb128 {
  std::size_t value;
  std::size_t size;
};

/// AV1 specification §4.10.5: seven bits in a byte, the lowest first.
std::optional<Leb128> read_leb128(Bytes bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < kMaxLeb128Bytes && i < bytes.size(); ++i) {
    value |= std::size_t{bytes[i] & 0x7fu} << (7 * i);
    if ((bytes[i] & 0x80) == 0) return Leb128{value, i + 1};
  }
  return std::nullopt;
}

//   0 1 2 3 4 5 6 7
//  +-+-+-+-+-+-+-+-+
//  |F| type  |X|S|-| X: the extension follows
//  +-+-+-+-+-+-+-+-+
//  | TID |SID|-|-|-|
//  +-+-+-+-+-+-+-+-+
void note_obu(Av1Payload& parsed, Bytes obu) {
  if (obu.empty()) return;
  const std::uint8_t type = obu[0] >> 3 & 0x0f;
  parsed.has_sequence_header = parsed.has_sequence_header || type == kObuSequenceHeader;
  const bool has_extension = (obu[0] & 0x04) != 0;
  if (has_extension && !parsed.has_layers && obu.size() >= 2) {
    parsed.has_layers = true;
    parsed.temporal_layer = obu[1] >> 5;
    parsed.spatial_layer = obu[1] >> 3 & 0x03;
  }
}

}  // namespace

//   0 1 2 3 4 5 6 7
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
//  |Z|Y| W |N|-|-|-| size | OBU | size ...   The last of W elements has no size.
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
Result<Av1Payload, PayloadError> parse_av1(Bytes payload) {
  if (payload.empty()) return fail(PayloadError::Empty);
  Av1Payload parsed;
  parsed.continues_element = (payload[0] & 0x80) != 0;
  parsed.element_continues = (payload[0] & 0x40) != 0;
  parsed.starts_coded_sequence = (payload[0] & 0x08) != 0;
  const std::size_t announced = payload[0] >> 4 & 0x03;
  // §4.4: what starts a sequence continues nothing.
  if (parsed.continues_element && parsed.starts_coded_sequence)
    return fail(PayloadError::Contradiction);

  Bytes rest = payload.subspan(1);
  if (rest.empty()) return fail(PayloadError::Truncated);
  while (!rest.empty()) {
    if (parsed.element_count == kMaxAv1Elements) return fail(PayloadError::TooManyElements);
    std::size_t size = rest.size();
    const bool is_last = announced != 0 && parsed.element_count + 1u == announced;
    if (!is_last) {
      const auto length = read_leb128(rest);
      if (!length) return fail(PayloadError::Truncated);
      rest = rest.subspan(length->size);
      if (length->value > rest.size()) return fail(PayloadError::Truncated);
      size = length->value;
    }
    const bool starts_here = parsed.element_count != 0 || !parsed.continues_element;
    if (starts_here) note_obu(parsed, rest.first(size));
    rest = rest.subspan(size);
    ++parsed.element_count;
  }
  if (announced != 0 && parsed.element_count != announced) return fail(PayloadError::Truncated);
  return parsed;
}

}  // namespace sfu::rtp::codec

#include "rtp/rtx.h"

#include <algorithm>

namespace sfu::rtp {

//  The payload of a retransmission (RFC 4588 §4):
//
//   0                   1
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
//  |             OSN               | original payload ...
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
std::optional<std::uint16_t> original_sequence_number(const PacketView& rtx) {
  if (rtx.payload().size() < kOsnSize) return std::nullopt;
  return load_be16(rtx.payload(), 0);
}

std::optional<MutableBytes> unwrap_rtx(MutableBytes rtx, Ssrc original_ssrc,
                                       std::uint8_t original_payload_type) {
  const auto view = PacketView::parse(rtx);
  if (!view) return std::nullopt;
  const auto original = original_sequence_number(*view);
  if (!original) return std::nullopt;

  const std::span header = rtx.first(view->header_size());
  std::copy_backward(header.begin(), header.end(),
                     header.end() + static_cast<std::ptrdiff_t>(kOsnSize));
  const MutableBytes restored = rtx.subspan(kOsnSize);
  restored[1] = static_cast<std::uint8_t>((restored[1] & 0x80) | (original_payload_type & 0x7f));
  store_be16(restored, 2, *original);
  store_be32(restored, 8, original_ssrc.value);
  return restored;
}

std::optional<std::size_t> write_rtx_payload(std::uint16_t original_sequence_number, Bytes payload,
                                             MutableBytes out) {
  const std::size_t size = kOsnSize + payload.size();
  if (size > out.size()) return std::nullopt;
  store_be16(out, 0, original_sequence_number);
  std::copy(payload.begin(), payload.end(), out.subspan(kOsnSize).begin());
  return size;
}

}  // namespace sfu::rtp

#include "sim/test_picture.h"

#include <algorithm>

#include "rtp/codec/vp8.h"

namespace sfu::sim {
namespace {

constexpr std::size_t kDescriptorSize = 6;    // With 15-bit picture id, TL0PICIDX and TID.
constexpr std::size_t kFrameHeaderSize = 10;  // Of a key frame; others have as much.
constexpr std::size_t kTagAt = kDescriptorSize + kFrameHeaderSize;
constexpr std::size_t kTagSize = 9;

std::uint8_t filler(std::uint32_t frame, std::size_t at) {
  return static_cast<std::uint8_t>(frame * 31 + at * 7);
}

}  // namespace

std::vector<std::uint8_t> write_picture_part(const PicturePart& part) {
  std::vector<std::uint8_t> out(std::max<std::size_t>(part.size, kMinPicturePart));
  const bool first = part.part == 0;
  out[0] = first ? 0x90 : 0x80;  // X, and S at the start.
  out[1] = 0xE0;                 // I, L, T
  store_be16(out, 2, static_cast<std::uint16_t>(0x8000 | part.picture_id));
  out[4] = part.tl0_picture_index;
  out[5] = 0;
  if (first) {
    out[kDescriptorSize] = part.is_key_frame ? 0x10 : 0x11;  // P is inverted; show_frame.
    if (part.is_key_frame) {
      out[kDescriptorSize + 3] = 0x9d;
      out[kDescriptorSize + 4] = 0x01;
      out[kDescriptorSize + 5] = 0x2a;
      const int width = 320 << part.stream;
      out[kDescriptorSize + 6] = static_cast<std::uint8_t>(width);
      out[kDescriptorSize + 7] = static_cast<std::uint8_t>(width >> 8);
      out[kDescriptorSize + 8] = 180;
    }
  }
  store_be32(out, kTagAt, part.frame);
  store_be16(out, kTagAt + 4, part.part);
  store_be16(out, kTagAt + 6, part.parts);
  out[kTagAt + 8] = static_cast<std::uint8_t>(part.stream | (part.is_key_frame ? 0x80 : 0));
  for (std::size_t i = kTagAt + kTagSize; i < out.size(); ++i) out[i] = filler(part.frame, i);
  return out;
}

std::optional<PicturePart> read_picture_part(Bytes payload) {
  const auto descriptor = rtp::codec::parse_vp8(payload);
  if (payload.size() < kMinPicturePart || !descriptor || !descriptor->picture_id ||
      descriptor->descriptor_size != kDescriptorSize)
    return std::nullopt;
  PicturePart part;
  part.picture_id = *descriptor->picture_id;
  part.tl0_picture_index = descriptor->tl0_picture_index.value_or(0);
  part.frame = load_be32(payload, kTagAt);
  part.part = load_be16(payload, kTagAt + 4);
  part.parts = load_be16(payload, kTagAt + 6);
  part.stream = payload[kTagAt + 8] & 0x7f;
  part.is_key_frame = (payload[kTagAt + 8] & 0x80) != 0;
  part.size = static_cast<std::uint16_t>(payload.size());
  for (std::size_t i = kTagAt + kTagSize; i < payload.size(); ++i)
    if (payload[i] != filler(part.frame, i)) return std::nullopt;
  return part;
}

}  // namespace sfu::sim

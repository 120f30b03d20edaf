#include "load/payload.h"

namespace sfu::load {
namespace {

// VP8 (RFC 7741 §4.2): X, then I, L and T.
constexpr std::uint8_t kExtended = 0x80;
constexpr std::uint8_t kStartOfPartition = 0x10;
constexpr std::uint8_t kPictureIdTl0AndTid = 0xe0;
constexpr std::uint16_t kLongPictureId = 0x8000;
constexpr std::size_t kFrameHeaderSize = 10;  // Of a key frame (RFC 6386 §9.1); others as much.
constexpr std::uint8_t kNotKeyFrame = 1;
constexpr std::uint8_t kShown = 0x10;

constexpr std::size_t kTocSize = 1;             // RFC 6716 §3.1
constexpr std::uint8_t kFullbandStereo = 0xfc;  // CELT, 20 ms, one frame.

void fill(MutableBytes out, std::uint32_t seed) {
  std::uint32_t state = seed * 2654435761u + 1;
  for (auto& byte : out) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
}

}  // namespace

void write_video_payload(const Stamp& stamp, const VideoNumbers& numbers, MutableBytes out) {
  const bool first = stamp.part == 0;
  out[0] = first ? kExtended | kStartOfPartition : kExtended;
  out[1] = kPictureIdTl0AndTid;
  store_be16(out, 2, static_cast<std::uint16_t>(kLongPictureId | numbers.picture_id));
  out[4] = numbers.tl0_picture_index;
  out[5] = 0;

  const MutableBytes body = out.subspan(kVp8DescriptorSize);
  fill(body, stamp.packet);
  if (first) {
    body[0] = stamp.is_key_frame ? kShown : kShown | kNotKeyFrame;
    constexpr std::uint8_t kKeyFrameStart[] = {0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};
    if (stamp.is_key_frame)  // 1280 x 720
      for (std::size_t i = 0; i < sizeof kKeyFrameStart; ++i) body[3 + i] = kKeyFrameStart[i];
  }
  write_stamp(stamp, kFrameHeaderSize, body);
}

void write_audio_payload(const Stamp& stamp, MutableBytes out) {
  fill(out, stamp.packet);
  out[0] = kFullbandStereo;
  write_stamp(stamp, kTocSize, out);
}

std::optional<ReadPayload> read_video_payload(Bytes payload) {
  if (payload.size() < kMinVideoPayload || payload[1] != kPictureIdTl0AndTid) return std::nullopt;
  const auto stamp = read_stamp(payload.subspan(kVp8DescriptorSize), kFrameHeaderSize);
  if (!stamp || payload[0] != (stamp->part == 0 ? kExtended | kStartOfPartition : kExtended))
    return std::nullopt;
  const std::uint16_t picture_id = load_be16(payload, 2);
  if ((picture_id & kLongPictureId) == 0) return std::nullopt;
  return ReadPayload{*stamp,
                     {static_cast<std::uint16_t>(picture_id & ~kLongPictureId), payload[4]}};
}

std::optional<ReadPayload> read_audio_payload(Bytes payload) {
  const auto stamp = read_stamp(payload, kTocSize);
  if (!stamp) return std::nullopt;
  return ReadPayload{*stamp, {}};
}

}  // namespace sfu::load

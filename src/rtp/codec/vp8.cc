#include "rtp/codec/vp8.h"

#include <algorithm>

#include "rtp/codec/byte_reader.h"

namespace sfu::rtp::codec {
namespace {

constexpr std::uint8_t kExtended = 0x80;       // X
constexpr std::uint8_t kHasPictureId = 0x80;   // I
constexpr std::uint8_t kHasTl0 = 0x40;         // L
constexpr std::uint8_t kHasTemporal = 0x20;    // T
constexpr std::uint8_t kHasKeyIndex = 0x10;    // K
constexpr std::uint8_t kLongPictureId = 0x80;  // M
constexpr std::size_t kKeyFrameHeaderSize = 10;

//  The frame header of a key frame (RFC 7741 §4.3, RFC 6386 §9.1): a tag of three bytes whose
//  lowest bit is 0, the start code 9d 01 2a, then width and height, 14 bits each, little endian.
std::optional<Resolution> key_frame_resolution(Bytes frame) {
  if (frame.size() < kKeyFrameHeaderSize) return std::nullopt;
  if (frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a) return std::nullopt;
  const auto size_at = [&](std::size_t at) {
    return static_cast<std::uint16_t>((frame[at + 1] << 8 | frame[at]) & 0x3fff);
  };
  return Resolution{size_at(6), size_at(8)};
}

}  // namespace

//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      |X|R|N|S|R| PID | (required)
//      +-+-+-+-+-+-+-+-+
//  X:  |I|L|T|K| RSV   |
//      +-+-+-+-+-+-+-+-+
//  I:  |M| PictureID   | 7 bits, or 15 in two bytes where M is set
//      +-+-+-+-+-+-+-+-+
//  L:  |   TL0PICIDX   |
//      +-+-+-+-+-+-+-+-+
//  T/K:|TID|Y| KEYIDX  |
//      +-+-+-+-+-+-+-+-+
Result<Vp8Payload, PayloadError> parse_vp8(Bytes payload) {
  if (payload.empty()) return fail(PayloadError::Empty);
  ByteReader reader(payload);
  Vp8Payload parsed;

  const std::uint8_t required = reader.u8();
  parsed.non_reference = (required & 0x20) != 0;
  parsed.starts_partition = (required & 0x10) != 0;
  parsed.partition_id = required & 0x07;

  if (required & kExtended) {
    const std::uint8_t present = reader.u8();
    if (present & kHasPictureId) {
      const std::uint8_t first = reader.u8();
      parsed.long_picture_id = (first & kLongPictureId) != 0;
      const unsigned high = first & 0x7fu;
      parsed.picture_id =
          static_cast<std::uint16_t>(parsed.long_picture_id ? high << 8 | reader.u8() : high);
    }
    if (present & kHasTl0) parsed.tl0_picture_index = reader.u8();
    if (present & (kHasTemporal | kHasKeyIndex)) {
      const std::uint8_t both = reader.u8();
      if (present & kHasTemporal) {
        parsed.temporal_layer = static_cast<std::uint8_t>(both >> 6);
        parsed.layer_sync = (both & 0x20) != 0;
      }
      if (present & kHasKeyIndex) parsed.key_index = static_cast<std::uint8_t>(both & 0x1f);
    }
  }
  parsed.descriptor_size = reader.position();
  const Bytes frame = reader.rest();
  if (reader.ran_out() || frame.empty()) return fail(PayloadError::Truncated);

  if (parsed.starts_frame()) {
    parsed.is_key_frame = (frame[0] & 0x01) == 0;
    if (parsed.is_key_frame) parsed.resolution = key_frame_resolution(frame);
  }
  return parsed;
}

void rewrite_vp8_descriptor(Bytes payload, const Vp8Payload& parsed, std::uint16_t picture_id,
                            std::uint8_t tl0_picture_index, MutableBytes out) {
  const Bytes descriptor = payload.first(parsed.descriptor_size);
  std::copy(descriptor.begin(), descriptor.end(), out.begin());
  std::size_t at = 2;  // Behind the required byte and the one that says what follows.
  if (parsed.picture_id && parsed.long_picture_id) {
    store_be16(out, at, static_cast<std::uint16_t>(kLongPictureId << 8 | (picture_id & 0x7fff)));
    at += 2;
  } else if (parsed.picture_id) {
    out[at++] = static_cast<std::uint8_t>(picture_id & 0x7f);
  }
  if (parsed.tl0_picture_index) out[at] = tl0_picture_index;
}

}  // namespace sfu::rtp::codec

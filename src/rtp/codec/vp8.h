#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

/// The VP8 payload descriptor (RFC 7741 §4.2) and what the payload header (§4.3) tells.
struct Vp8Payload {
  bool non_reference = false;     // N: can be dropped without harm to other frames.
  bool starts_partition = false;  // S
  std::uint8_t partition_id = 0;  // PID
  std::optional<std::uint16_t> picture_id = {};
  bool long_picture_id = false;  // 15 bits, not 7.
  std::optional<std::uint8_t> tl0_picture_index = {};
  std::optional<std::uint8_t> temporal_layer = {};  // TID
  bool layer_sync = false;                          // Y: refers only to the base layer.
  std::optional<std::uint8_t> key_index = {};       // KEYIDX
  bool is_key_frame = false;                        // Known only where a frame starts.
  std::optional<Resolution> resolution = {};        // Where a key frame starts.
  std::size_t descriptor_size = 0;

  bool starts_frame() const { return starts_partition && partition_id == 0; }
};

Result<Vp8Payload, PayloadError> parse_vp8(Bytes payload);

inline constexpr std::size_t kMaxVp8DescriptorSize = 6;

/// Writes the descriptor of `payload` (which parses to `parsed`) with another picture id and
/// TL0PICIDX, each as long as it came; what the descriptor lacks stays out. A picture id is cut to
/// its length. `out` holds parsed.descriptor_size bytes. Allocates nothing.
void rewrite_vp8_descriptor(Bytes payload, const Vp8Payload& parsed, std::uint16_t picture_id,
                            std::uint8_t tl0_picture_index, MutableBytes out);

}  // namespace sfu::rtp::codec

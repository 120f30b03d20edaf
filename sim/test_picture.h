#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace sfu::sim {

/// One packet's share of a picture that looks like VP8 to a forwarder (RFC 7741) and tells a
/// receiver in a test exactly what it is.
struct PicturePart {
  std::uint16_t picture_id = 0;  // 15 bits
  std::uint8_t tl0_picture_index = 0;
  bool is_key_frame = false;
  std::uint8_t stream = 0;  // Which simulcast layer.
  std::uint32_t frame = 0;  // Counted by the sender, over all of its frames.
  std::uint16_t part = 0;   // Of `parts`.
  std::uint16_t parts = 1;
  std::uint16_t size = 1000;  // Bytes of payload, at least kMinPicturePart.
};

inline constexpr std::size_t kMinPicturePart = 40;

std::vector<std::uint8_t> write_picture_part(const PicturePart& part);
/// Nothing where the bytes are not what write_picture_part() wrote (picture ids may differ).
std::optional<PicturePart> read_picture_part(Bytes payload);

}  // namespace sfu::sim

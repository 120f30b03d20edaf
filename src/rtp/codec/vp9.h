#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

inline constexpr std::size_t kMaxVp9SpatialLayers = 8;   // RFC 9628 §4.2.1: N_S has three bits.
inline constexpr std::size_t kMaxVp9ReferenceDiffs = 3;  // RFC 9628 §4.2: P_DIFF up to 3 times.

/// RFC 9628 §4.2.1. Its picture groups are checked and skipped: forwarding decides by each packet.
struct Vp9ScalabilityStructure {
  std::uint8_t spatial_layers = 1;
  std::uint8_t pictures_in_group = 0;  // N_G
  bool has_resolutions = false;
  std::array<Resolution, kMaxVp9SpatialLayers> resolutions{};
};

/// The VP9 payload descriptor (RFC 9628 §4.2).
struct Vp9Payload {
  bool inter_picture_predicted = false;  // P
  bool flexible = false;                 // F
  bool starts_layer_frame = false;       // B
  bool ends_layer_frame = false;         // E
  bool not_reference_for_upper = false;  // Z: no upper spatial layer refers to this frame.
  std::optional<std::uint16_t> picture_id = {};
  bool long_picture_id = false;  // 15 bits, not 7.
  bool has_layer_indices = false;
  std::uint8_t temporal_layer = 0;     // TID
  bool temporal_switch_point = false;  // U
  std::uint8_t spatial_layer = 0;      // SID
  bool inter_layer_predicted = false;  // D
  std::optional<std::uint8_t> tl0_picture_index = {};
  std::uint8_t reference_count = 0;
  std::array<std::uint8_t, kMaxVp9ReferenceDiffs> reference_diffs{};  // P_DIFF
  std::optional<Vp9ScalabilityStructure> structure = {};
  std::size_t descriptor_size = 0;

  /// First packet of a picture that refers to none before it: of its lowest spatial layer.
  bool starts_key_frame() const {
    return !inter_picture_predicted && starts_layer_frame &&
           (spatial_layer == 0 || !inter_layer_predicted);
  }
};

Result<Vp9Payload, PayloadError> parse_vp9(Bytes payload);

}  // namespace sfu::rtp::codec

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sfu::rtp::codec {

struct DependencyDescriptor;

enum class Codec : std::uint8_t { Opus, Vp8, Vp9, H264, Av1 };

/// Why a payload cannot be read.
enum class PayloadError : std::uint8_t {
  Empty,
  Truncated,
  Contradiction,  // Fields that exclude each other, or a reserved value.
  TooManyElements,
  UnknownType,  // A packetization that the format does not have or we do not take.
};

std::string_view to_string(PayloadError error);

struct Resolution {
  std::uint16_t width = 0;
  std::uint16_t height = 0;

  friend bool operator==(const Resolution&, const Resolution&) = default;
};

/// What forwarding needs to know of one packet's payload, whatever its codec. Layers are 0 where
/// the codec or the packet does not tell.
struct PayloadInfo {
  /// First packet of a picture that decodes without any before it.
  bool is_key_frame_start = false;
  /// First, last packet of a frame (of one spatial layer, where there are several). H264 can tell a
  /// start twice in one frame: at its parameter sets and at its first slice.
  bool is_frame_start = false;
  bool is_frame_end = false;
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  /// Who receives lower temporal layers may begin to receive this one here.
  bool is_temporal_switch_point = false;
  /// Who receives lower spatial layers of this picture may begin to receive this one here.
  bool is_spatial_switch_point = false;
  /// No later frame refers to this one.
  bool is_discardable = false;
  /// Audio: comfort noise or silence.
  bool is_dtx = false;
  /// Of a key frame, where the payload tells it.
  std::optional<Resolution> resolution = {};

  friend bool operator==(const PayloadInfo&, const PayloadInfo&) = default;
};

/// `marker` is the RTP marker bit. Where the packet has a dependency descriptor, pass what was
/// parsed of it: its word on frames and layers then counts. The payload is not empty.
Result<PayloadInfo, PayloadError> inspect(Codec codec, Bytes payload, bool marker,
                                          const DependencyDescriptor* descriptor = nullptr);

}  // namespace sfu::rtp::codec

#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

inline constexpr std::uint8_t kH264SliceNonIdr = 1;
inline constexpr std::uint8_t kH264SliceIdr = 5;
inline constexpr std::uint8_t kH264Sps = 7;
inline constexpr std::uint8_t kH264Pps = 8;
inline constexpr std::uint8_t kH264StapA = 24;
inline constexpr std::uint8_t kH264FuA = 28;

/// What one packet carries in RFC 6184's non-interleaved mode: a single NAL unit, STAP-A or FU-A.
struct H264Payload {
  std::uint8_t packet_type = 0;  // Of the first byte: 1 to 23, 24 (STAP-A) or 28 (FU-A).
  bool has_sps = false;
  bool has_pps = false;
  bool has_idr = false;          // A slice of an IDR picture, whole or a fragment of it.
  bool starts_nal_unit = false;  // False in the middle of an FU-A.
  bool ends_nal_unit = false;
  bool is_reference = false;  // Some NAL unit has nal_ref_idc above zero.
  bool has_slice = false;
  /// The first slice of a picture (first_mb_in_slice is 0) begins here.
  bool starts_picture = false;
  std::optional<Resolution> resolution = {};  // Of the first SPS that tells one.
};

Result<H264Payload, PayloadError> parse_h264(Bytes payload);

/// The cropped picture size that a sequence parameter set tells (ITU-T H.264 §7.3.2.1.1), its NAL
/// header included. Nothing where it is malformed.
std::optional<Resolution> parse_sps_resolution(Bytes sps);

}  // namespace sfu::rtp::codec

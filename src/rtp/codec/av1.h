#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

/// OBU elements in one packet beyond which we take it for garbage: each is at least two bytes, and
/// a temporal unit has a handful.
inline constexpr std::size_t kMaxAv1Elements = 64;

/// The aggregation header of "RTP Payload Format for AV1" §4.4 and the OBU headers behind it.
struct Av1Payload {
  bool continues_element = false;      // Z: the first element began in an earlier packet.
  bool element_continues = false;      // Y: the last element goes on in the next packet.
  std::uint8_t element_count = 0;      // W, or as counted where W is 0.
  bool starts_coded_sequence = false;  // N: first packet of a coded video sequence.
  bool has_sequence_header = false;
  /// From the first OBU extension header, where there is one.
  bool has_layers = false;
  std::uint8_t temporal_layer = 0;
  std::uint8_t spatial_layer = 0;
};

Result<Av1Payload, PayloadError> parse_av1(Bytes payload);

}  // namespace sfu::rtp::codec

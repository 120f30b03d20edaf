#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/units.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

/// What the first bytes of an opus packet tell (RFC 6716 §3.1).
struct OpusPayload {
  std::uint8_t configuration = 0;  // 0 to 31.
  bool stereo = false;
  std::uint8_t frame_count = 0;  // 1 to 48.
  TimeDelta frame_duration{};    // 2.5, 5, 10, 20, 40 or 60 ms.
  /// At most two bytes: the encoder's discontinuous transmission, or a frame without content.
  bool is_dtx = false;

  TimeDelta duration() const { return frame_duration * frame_count; }
};

/// Refuses a packet longer than 120 ms, which RFC 6716 §3.4 forbids.
Result<OpusPayload, PayloadError> parse_opus(Bytes payload);

}  // namespace sfu::rtp::codec

#include "rtp/codec/opus.h"

#include <array>
#include <chrono>

namespace sfu::rtp::codec {
namespace {

constexpr std::size_t kMaxDtxBytes = 2;
constexpr TimeDelta kMaxPacketDuration = std::chrono::milliseconds(120);

/// RFC 6716 §3.1, table 2.
TimeDelta frame_duration(unsigned configuration) {
  constexpr std::array<int, 4> kSilkMicros = {10'000, 20'000, 40'000, 60'000};
  constexpr std::array<int, 2> kHybridMicros = {10'000, 20'000};
  constexpr std::array<int, 4> kCeltMicros = {2'500, 5'000, 10'000, 20'000};
  if (configuration < 12) return TimeDelta(kSilkMicros[configuration % 4]);
  if (configuration < 16) return TimeDelta(kHybridMicros[configuration % 2]);
  return TimeDelta(kCeltMicros[configuration % 4]);
}

}  // namespace

//   0 1 2 3 4 5 6 7     where c is 3:
//  +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+
//  | config  |s| c |   |v|p|     M     |
//  +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+
Result<OpusPayload, PayloadError> parse_opus(Bytes payload) {
  if (payload.empty()) return fail(PayloadError::Empty);
  OpusPayload parsed;
  parsed.configuration = payload[0] >> 3;
  parsed.stereo = (payload[0] & 0x04) != 0;
  parsed.frame_duration = frame_duration(parsed.configuration);
  parsed.is_dtx = payload.size() <= kMaxDtxBytes;
  switch (payload[0] & 0x03) {
    case 0: parsed.frame_count = 1; break;
    case 1:
    case 2: parsed.frame_count = 2; break;
    default:
      if (payload.size() < 2) return fail(PayloadError::Truncated);
      parsed.frame_count = payload[1] & 0x3f;
  }
  if (parsed.frame_count == 0) return fail(PayloadError::Contradiction);
  if (parsed.duration() > kMaxPacketDuration) return fail(PayloadError::TooManyElements);
  return parsed;
}

}  // namespace sfu::rtp::codec

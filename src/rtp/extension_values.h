#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/units.h"
#include "rtp/ntp.h"

namespace sfu::rtp {

// Readers return nothing where the value is malformed; writers fill a buffer of at least k*Size
// bytes.

/// RFC 6464. Level in dBov, 0 (loudest) to 127 (silence), the sign left out as on the wire.
struct AudioLevel {
  bool voice = false;
  std::uint8_t level = 127;

  friend bool operator==(const AudioLevel&, const AudioLevel&) = default;
};
inline constexpr std::size_t kAudioLevelSize = 1;
std::optional<AudioLevel> read_audio_level(Bytes value);
void write_audio_level(AudioLevel level, MutableBytes out);

/// Seconds modulo 64 as 6.18 fixed point in 24 bits.
inline constexpr std::size_t kAbsSendTimeSize = 3;
std::uint32_t abs_send_time(Timestamp time);
std::optional<std::uint32_t> read_abs_send_time(Bytes value);
void write_abs_send_time(std::uint32_t value, MutableBytes out);
/// From `earlier` to `later`, at most 32 s either way.
TimeDelta abs_send_time_between(std::uint32_t earlier, std::uint32_t later);

/// The transport-wide sequence number. The second version of the extension carries two more bytes
/// (a feedback request), which are ignored.
inline constexpr std::size_t kTransportCcSize = 2;
std::optional<std::uint16_t> read_transport_cc(Bytes value);
void write_transport_cc(std::uint16_t sequence_number, MutableBytes out);

/// 3GPP TS 26.114 §7.4.5.
struct VideoOrientation {
  bool back_camera = false;
  bool flipped = false;
  std::uint16_t rotation_degrees = 0;  // 0, 90, 180 or 270.

  friend bool operator==(const VideoOrientation&, const VideoOrientation&) = default;
};
inline constexpr std::size_t kVideoOrientationSize = 1;
std::optional<VideoOrientation> read_video_orientation(Bytes value);
void write_video_orientation(VideoOrientation orientation, MutableBytes out);

/// RFC 5450: ticks of the RTP clock between the sampling time and the sending, signed, 24 bits.
inline constexpr std::size_t kTimeOffsetSize = 3;
std::optional<std::int32_t> read_time_offset(Bytes value);
void write_time_offset(std::int32_t ticks, MutableBytes out);

/// Whole steps of 10 ms, at most 40.95 s. A writer clamps and rounds down.
struct PlayoutDelay {
  TimeDelta min{};
  TimeDelta max{};

  friend bool operator==(const PlayoutDelay&, const PlayoutDelay&) = default;
};
inline constexpr std::size_t kPlayoutDelaySize = 3;
/// Nothing where min exceeds max.
std::optional<PlayoutDelay> read_playout_delay(Bytes value);
void write_playout_delay(PlayoutDelay delay, MutableBytes out);

struct AbsCaptureTime {
  NtpTime capture;                                       // The capturer's clock.
  std::optional<std::int64_t> estimated_clock_offset{};  // Signed 32.32 seconds.

  friend bool operator==(const AbsCaptureTime&, const AbsCaptureTime&) = default;
};
inline constexpr std::size_t kMaxAbsCaptureTimeSize = 16;  // 8 without the clock offset.
std::optional<AbsCaptureTime> read_abs_capture_time(Bytes value);
/// Returns the bytes written, 8 or 16.
std::size_t write_abs_capture_time(const AbsCaptureTime& time, MutableBytes out);

/// What fits a one-byte element; longer ones are refused.
inline constexpr std::size_t kMaxMidSize = 16;
inline constexpr std::size_t kMaxRidSize = 16;
/// A MID is a token (RFC 8866 §9); a RID is alphanumeric (RFC 8852 §3.1). '-' and '_' are taken in
/// a RID too, since RFC 8851 §10 allows them in the signaling. The text borrows the value.
std::optional<std::string_view> read_mid(Bytes value);
std::optional<std::string_view> read_rid(Bytes value);
bool is_valid_mid(std::string_view mid);
bool is_valid_rid(std::string_view rid);

}  // namespace sfu::rtp

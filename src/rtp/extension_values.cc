#include "rtp/extension_values.h"

#include <algorithm>
#include <chrono>

namespace sfu::rtp {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kAbsSendTimeWrap = 64 * kMicrosPerSecond;
constexpr int kAbsSendTimeFractionBits = 18;
constexpr std::uint32_t kMask24 = 0xFFFFFF;
constexpr TimeDelta kPlayoutDelayUnit = std::chrono::milliseconds(10);
constexpr std::int64_t kMaxPlayoutDelayUnits = 0xFFF;

/// The low 24 bits as a signed number.
constexpr std::int32_t sign_extend_24(std::uint32_t value) {
  return static_cast<std::int32_t>(value << 8) >> 8;
}

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr bool is_token_char(char c) {
  return is_alphanumeric(c) ||
         std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos;
}
constexpr bool is_rid_char(char c) { return is_alphanumeric(c) || c == '-' || c == '_'; }

}  // namespace

//   0 1 2 3 4 5 6 7
//  +-+-+-+-+-+-+-+-+
//  |V|    level    |
//  +-+-+-+-+-+-+-+-+
std::optional<AudioLevel> read_audio_level(Bytes value) {
  if (value.size() != kAudioLevelSize) return std::nullopt;
  return AudioLevel{(value[0] & 0x80) != 0, static_cast<std::uint8_t>(value[0] & 0x7f)};
}

void write_audio_level(AudioLevel level, MutableBytes out) {
  out[0] = static_cast<std::uint8_t>((level.voice ? 0x80 : 0) | (level.level & 0x7f));
}

std::uint32_t abs_send_time(Timestamp time) {
  std::int64_t micros = time.time_since_epoch().count() % kAbsSendTimeWrap;
  if (micros < 0) micros += kAbsSendTimeWrap;
  const std::int64_t rounded =
      ((micros << kAbsSendTimeFractionBits) + kMicrosPerSecond / 2) / kMicrosPerSecond;
  return static_cast<std::uint32_t>(rounded) & kMask24;
}

std::optional<std::uint32_t> read_abs_send_time(Bytes value) {
  if (value.size() != kAbsSendTimeSize) return std::nullopt;
  return load_be24(value, 0);
}

void write_abs_send_time(std::uint32_t value, MutableBytes out) { store_be24(out, 0, value); }

TimeDelta abs_send_time_between(std::uint32_t earlier, std::uint32_t later) {
  const std::int64_t steps = sign_extend_24(later - earlier);
  return TimeDelta(steps * kMicrosPerSecond / (std::int64_t{1} << kAbsSendTimeFractionBits));
}

std::optional<std::uint16_t> read_transport_cc(Bytes value) {
  if (value.size() < kTransportCcSize) return std::nullopt;
  return load_be16(value, 0);
}

void write_transport_cc(std::uint16_t sequence_number, MutableBytes out) {
  store_be16(out, 0, sequence_number);
}

//   0 1 2 3 4 5 6 7
//  +-+-+-+-+-+-+-+-+
//  |0 0 0 0 C F R R|
//  +-+-+-+-+-+-+-+-+
std::optional<VideoOrientation> read_video_orientation(Bytes value) {
  if (value.size() != kVideoOrientationSize) return std::nullopt;
  return VideoOrientation{(value[0] & 0x08) != 0, (value[0] & 0x04) != 0,
                          static_cast<std::uint16_t>((value[0] & 0x03) * 90)};
}

void write_video_orientation(VideoOrientation orientation, MutableBytes out) {
  out[0] = static_cast<std::uint8_t>((orientation.back_camera ? 0x08 : 0) |
                                     (orientation.flipped ? 0x04 : 0) |
                                     (orientation.rotation_degrees / 90 & 0x03));
}

std::optional<std::int32_t> read_time_offset(Bytes value) {
  if (value.size() != kTimeOffsetSize) return std::nullopt;
  return sign_extend_24(load_be24(value, 0));
}

void write_time_offset(std::int32_t ticks, MutableBytes out) {
  store_be24(out, 0, static_cast<std::uint32_t>(ticks));
}

//   0                   1                   2
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |       min delay       |       max delay       |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<PlayoutDelay> read_playout_delay(Bytes value) {
  if (value.size() != kPlayoutDelaySize) return std::nullopt;
  const std::uint32_t both = load_be24(value, 0);
  const PlayoutDelay delay{kPlayoutDelayUnit * (both >> 12), kPlayoutDelayUnit * (both & 0xFFF)};
  if (delay.min > delay.max) return std::nullopt;
  return delay;
}

void write_playout_delay(PlayoutDelay delay, MutableBytes out) {
  const auto units = [](TimeDelta duration) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(duration / kPlayoutDelayUnit, 0, kMaxPlayoutDelayUnits));
  };
  store_be24(out, 0, units(delay.min) << 12 | units(delay.max));
}

std::optional<AbsCaptureTime> read_abs_capture_time(Bytes value) {
  if (value.size() != 8 && value.size() != kMaxAbsCaptureTimeSize) return std::nullopt;
  AbsCaptureTime time{NtpTime{load_be64(value, 0)}, std::nullopt};
  if (value.size() == kMaxAbsCaptureTimeSize)
    time.estimated_clock_offset = static_cast<std::int64_t>(load_be64(value, 8));
  return time;
}

std::size_t write_abs_capture_time(const AbsCaptureTime& time, MutableBytes out) {
  store_be64(out, 0, time.capture.value);
  if (!time.estimated_clock_offset) return 8;
  store_be64(out, 8, static_cast<std::uint64_t>(*time.estimated_clock_offset));
  return kMaxAbsCaptureTimeSize;
}

bool is_valid_mid(std::string_view mid) {
  return !mid.empty() && mid.size() <= kMaxMidSize &&
         std::all_of(mid.begin(), mid.end(), is_token_char);
}

bool is_valid_rid(std::string_view rid) {
  return !rid.empty() && rid.size() <= kMaxRidSize &&
         std::all_of(rid.begin(), rid.end(), is_rid_char);
}

std::optional<std::string_view> read_mid(Bytes value) {
  const std::string_view text = as_text(value);
  return is_valid_mid(text) ? std::optional(text) : std::nullopt;
}

std::optional<std::string_view> read_rid(Bytes value) {
  const std::string_view text = as_text(value);
  return is_valid_rid(text) ? std::optional(text) : std::nullopt;
}

}  // namespace sfu::rtp

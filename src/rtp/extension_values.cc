#include "rtp/extension_values.h"

#include <algorithm>
#include <chrono>

namespace sfu::rtp {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kAbsSendTimeWrap = 64 * kMicrosPerSecond;
constexpr int kAbsSendTimeFractionBits = 18;
constexpr std::uint32_t kMask24 = 0xFFFFFF;

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

void write_abs_send_time(std::uint32_t value, MutableBytes out) { store_be24(out, 0, value); }

std::optional<std::uint16_t> read_transport_cc(Bytes value) {
  if (value.size() < kTransportCcSize) return std::nullopt;
  return load_be16(value, 0);
}

void write_transport_cc(std::uint16_t sequence_number, MutableBytes out) {
  store_be16(out, 0, sequence_number);
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

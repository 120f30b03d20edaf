#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/units.h"

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
void write_abs_send_time(std::uint32_t value, MutableBytes out);

/// The transport-wide sequence number. The second version of the extension carries two more bytes
/// (a feedback request), which are ignored.
inline constexpr std::size_t kTransportCcSize = 2;
std::optional<std::uint16_t> read_transport_cc(Bytes value);
void write_transport_cc(std::uint16_t sequence_number, MutableBytes out);

/// What fits a one-byte element; longer ones are refused.
inline constexpr std::size_t kMaxMidSize = 16;
inline constexpr std::size_t kMaxRidSize = 16;
/// A MID is a token (RFC 8866 §9); a RID is alphanumeric (RFC 8852 §3). '-' and '_' are taken in a
/// RID too (docs/deviations.md). The text borrows the value.
std::optional<std::string_view> read_mid(Bytes value);
std::optional<std::string_view> read_rid(Bytes value);
bool is_valid_mid(std::string_view mid);
bool is_valid_rid(std::string_view rid);

}  // namespace sfu::rtp

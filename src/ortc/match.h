#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ortc/parameters.h"

namespace sfu::ortc {

/// The parts of a codec that decide whether two ends mean the same one.
struct CodecIdentity {
  std::string_view mime_type;
  std::uint32_t clock_rate;
  std::uint8_t channels;
  const CodecSpecificParameters& parameters;
};
CodecIdentity identity_of(const RtpCodecCapability& codec);
CodecIdentity identity_of(const RtpCodecParameters& codec);

/// True where what one end sends as `a` the other can decode as `b`: type (RFC 6838 §4.2: in any
/// case), clock rate and channels; for H264 packetization mode and profile (RFC 6184 §8.1,
/// levels may differ), for VP9 profile-id (RFC 9628 §6), for AV1 profile.
bool same_codec(const CodecIdentity& a, const CodecIdentity& b);

bool is_rtx(std::string_view mime_type);
/// The payload type that an RTX codec repairs (RFC 4588 §8.1); nothing where it names none.
std::optional<std::int64_t> associated_payload_type(const CodecSpecificParameters& parameters);

MediaKind kind_of_mime_type(std::string_view mime_type);  // "video/…" is video, all else audio.

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace sfu::ortc

#pragma once

#include <cstddef>

#include "base/result.h"
#include "ortc/json_reader.h"
#include "ortc/parameters.h"

namespace sfu::ortc {

inline constexpr std::size_t kMaxCodecs = 64;
inline constexpr std::size_t kMaxHeaderExtensions = 32;
inline constexpr std::size_t kMaxEncodings = 4;  // As media takes: its kMaxStreams.
inline constexpr std::size_t kMaxCodecParameters = 32;
inline constexpr std::size_t kMaxRtcpFeedback = 16;

/// Reads what mediasoup-client calls RtpCapabilities. Every number is in range and every text clean
/// afterwards; whether the router speaks it is not looked at.
Result<RtpCapabilities, InvalidField> parse_rtp_capabilities(
    const json::value& value, const std::string& path = "rtpCapabilities");

/// Reads what mediasoup-client calls RtpParameters, likewise.
Result<RtpParameters, InvalidField> parse_rtp_parameters(const json::value& value,
                                                         const std::string& path = "rtpParameters");

json::object to_json(const RtpCapabilities& capabilities);
json::object to_json(const RtpParameters& parameters);

std::string_view to_string(MediaKind kind);  // "audio", "video"

}  // namespace sfu::ortc

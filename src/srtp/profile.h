#pragma once

#include <cstddef>

#include "crypto/srtp_keys.h"

namespace sfu::srtp {

using Profile = crypto::SrtpProfile;
using KeyMaterial = crypto::SrtpKeyMaterial;
using crypto::is_aead;
using crypto::parameters;

/// What protection adds to a packet at most, in bytes: size buffers with these.
inline constexpr std::size_t kMaxTagSize = 16;
inline constexpr std::size_t kRtcpIndexSize = 4;
inline constexpr std::size_t kMaxRtpOverhead = kMaxTagSize;
inline constexpr std::size_t kMaxRtcpOverhead = kMaxTagSize + kRtcpIndexSize;

}  // namespace sfu::srtp

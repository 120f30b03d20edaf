#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sfu::crypto {

inline constexpr std::size_t kSha1Size = 20;
inline constexpr std::size_t kSha256Size = 32;

/// HMAC (RFC 2104) over the concatenation of `parts`, of which there may be any number.
std::array<std::uint8_t, kSha1Size> hmac_sha1(Bytes key, std::span<const Bytes> parts);
std::array<std::uint8_t, kSha256Size> hmac_sha256(Bytes key, std::span<const Bytes> parts);

/// Equality in a time that depends on the sizes alone.
bool constant_time_equal(Bytes a, Bytes b);

}  // namespace sfu::crypto

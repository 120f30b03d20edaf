#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "stun/message.h"

/// What the reader and the writer of messages share.
namespace sfu::stun::wire {

inline constexpr std::size_t kAttributeHeaderSize = 4;
inline constexpr std::size_t kIntegritySize = 20;  // HMAC-SHA1
inline constexpr std::size_t kFingerprintSize = 4;
inline constexpr std::uint32_t kFingerprintXor = 0x5354554E;  // RFC 8489 §14.7
inline constexpr std::size_t kMappedV4Size = 8;
inline constexpr std::size_t kMappedV6Size = 20;
inline constexpr std::uint8_t kFamilyV4 = 0x01;
inline constexpr std::uint8_t kFamilyV6 = 0x02;

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

/// The HMAC over the message up to `integrity_at`, with the header's length as if the message ended
/// after MESSAGE-INTEGRITY (RFC 8489 §14.5).
std::array<std::uint8_t, kIntegritySize> integrity_of(Bytes message, std::size_t integrity_at,
                                                      Bytes key);

/// The FINGERPRINT of all that stands before `fingerprint_at`, whose header already counts it.
std::uint32_t fingerprint_of(Bytes message, std::size_t fingerprint_at);

/// Turns an address in network order into its obfuscated form and back (RFC 8489 §14.2). IPv6 takes
/// the cookie and the transaction id, which lie together in the header; IPv4 the cookie alone.
void xor_with_header(MutableBytes address, Bytes message);

}  // namespace sfu::stun::wire

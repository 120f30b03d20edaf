#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sfu::stun {

/// The CRC-32 of ITU V.42 (polynomial 0x04C11DB7, reflected), as FINGERPRINT uses it (RFC 8489
/// §14.7).
std::uint32_t crc32(Bytes bytes);

}  // namespace sfu::stun

#pragma once

#include <cstdint>

namespace sfu::dtls {

/// Who sends the ClientHello: `a=setup:active` is the client (RFC 5763 §5).
enum class Role : std::uint8_t { Client, Server };

}  // namespace sfu::dtls

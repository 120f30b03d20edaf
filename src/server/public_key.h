#pragma once

#include <string>

#include "base/result.h"

namespace sfu::server {

/// Whether `pem` is a public key that tokens can be checked with: RSA of 2048 bits and more (RS256)
/// or P-256 (ES256), as RFC 7518 §3.3 and §3.4 ask. Fails with what is wrong, in words that never
/// hold the key.
Result<void, std::string> check_public_key(const std::string& pem);

}  // namespace sfu::server

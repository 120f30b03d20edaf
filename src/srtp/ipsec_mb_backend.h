#pragma once

#include <memory>

#include "srtp/cipher_backend.h"

namespace sfu::srtp {

/// Intel's libipsec-mb: AES-GCM in a quarter of OpenSSL's time, and HMAC-SHA1 of many messages at
/// once. Null where this build or this processor has it not.
std::unique_ptr<CipherBackend> make_ipsec_mb_backend();

}  // namespace sfu::srtp

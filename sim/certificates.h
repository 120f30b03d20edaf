#pragma once

#include "crypto/certificate.h"

namespace sfu::sim {

/// Fixtures, since a new certificate would carry the machine's date into every handshake.
crypto::Certificate server_certificate();
crypto::Certificate client_certificate();

}  // namespace sfu::sim

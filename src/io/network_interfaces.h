#pragma once

#include <vector>

#include "base/endpoint.h"

namespace sfu::io {

/// The addresses of this machine's running interfaces, in the system's order, without link-local
/// ones (no browser on another machine reaches them without a zone). Loopback ones come last.
std::vector<IpAddress> machine_addresses();

}  // namespace sfu::io

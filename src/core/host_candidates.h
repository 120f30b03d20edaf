#pragma once

#include <span>
#include <vector>

#include "base/endpoint.h"
#include "core/events.h"

namespace sfu::core {

/// The candidates of component 1 that a client is told of: each of `udp` before each of `tcp`, and
/// of either the earlier listed before the later (RFC 8445 §5.1.2.1, RFC 6544 §4.2).
std::vector<IceCandidate> host_candidates(std::span<const Endpoint> udp,
                                          std::span<const Endpoint> tcp);

}  // namespace sfu::core

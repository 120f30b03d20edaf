#pragma once

#include "server/limit_settings.h"
#include "service/mediasoup_server.h"
#include "signaling/options.h"

namespace sfu::server {

// What the operator's limits mean to each part.

void apply_limits(const LimitSettings& limits, signaling::Options& options);
void apply_limits(const LimitSettings& limits, service::Options& options);

/// TCP connections that all clients together may need: over polling each has two.
std::size_t tcp_connections(const LimitSettings& limits);

/// Raises what the process may open to what `connections` and `others` need, as far as it is
/// allowed to, and returns what it may open then.
std::size_t raise_open_files(std::size_t connections, std::size_t others);

}  // namespace sfu::server

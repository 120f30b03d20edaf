#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/endpoint.h"

namespace sfu::server {

/// The addresses under which one worker's sockets are announced to clients, best first.
struct Announcement {
  std::vector<Endpoint> candidates;
  bool are_local = true;  // False where an address translator stands between.
  /// Announced is an IPv4 address and no socket is of IPv4, or the other way round.
  bool are_of_another_family = false;
};

/// `listening`: where the worker's sockets are bound. `announced` replaces their addresses where it
/// is set, of those that are of its family, if there are any. A wildcard socket without one is
/// announced under each of `machine`'s addresses of its family, since "0.0.0.0" is an address that
/// nobody can send to; loopback ones only where `clients_are_local` or nothing else is there.
Announcement announce(std::span<const Endpoint> listening,
                      const std::optional<IpAddress>& announced, std::span<const IpAddress> machine,
                      bool clients_are_local);

}  // namespace sfu::server

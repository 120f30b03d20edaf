#include "server/candidates.h"

#include <algorithm>

namespace sfu::server {
namespace {

void add_once(std::vector<Endpoint>& candidates, const Endpoint& candidate) {
  if (std::find(candidates.begin(), candidates.end(), candidate) == candidates.end())
    candidates.push_back(candidate);
}

bool contains(std::span<const IpAddress> addresses, const IpAddress& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

std::vector<IpAddress> reachable(std::span<const IpAddress> machine, bool v4, bool loopback_too) {
  std::vector<IpAddress> found;
  for (const IpAddress& address : machine)
    if (address.is_v4() == v4 && (loopback_too || !address.is_loopback())) found.push_back(address);
  if (found.empty() && !loopback_too) return reachable(machine, v4, true);
  return found;
}

}  // namespace

Announcement announce(std::span<const Endpoint> listening,
                      const std::optional<IpAddress>& announced, std::span<const IpAddress> machine,
                      bool clients_are_local) {
  Announcement result;
  if (announced) {
    const auto is_of_family = [&](const Endpoint& socket) {
      return socket.ip.is_v4() == announced->is_v4();
    };
    const bool any = std::ranges::any_of(listening, is_of_family);
    for (const Endpoint& socket : listening)
      if (!any || is_of_family(socket)) add_once(result.candidates, {*announced, socket.port});
    result.are_of_another_family = !any;
    result.are_local = contains(machine, *announced);
    return result;
  }
  for (const Endpoint& socket : listening) {
    if (!socket.ip.is_unspecified()) {
      add_once(result.candidates, socket);
      continue;
    }
    for (const IpAddress& address : reachable(machine, socket.ip.is_v4(), clients_are_local))
      add_once(result.candidates, {address, socket.port});
  }
  return result;
}

}  // namespace sfu::server

#include "core/host_candidates.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace sfu::core {
namespace {

/// RFC 8445 §5.1.2.1 for component 1.
constexpr std::uint32_t priority(std::uint32_t type_preference, std::uint32_t local_preference) {
  return type_preference << 24 | local_preference << 8 | 255;
}

/// The earlier it is listed, the better.
std::uint32_t host_priority(std::size_t rank) {
  constexpr std::uint32_t kHostPreference = 126;
  return priority(kHostPreference,
                  static_cast<std::uint32_t>(65535 - std::min<std::size_t>(rank, 65535)));
}

/// RFC 6544 §4.2: below every address of UDP, and among themselves by direction before anything
/// else; a passive host candidate has direction preference 4.
std::uint32_t tcp_host_priority(std::size_t rank) {
  constexpr std::uint32_t kTcpHostPreference = 90;
  constexpr std::uint32_t kPassive = 4;
  constexpr std::size_t kMost = (1u << 13) - 1;
  return priority(kTcpHostPreference,
                  kPassive << 13 | static_cast<std::uint32_t>(kMost - std::min(rank, kMost)));
}

IceCandidate candidate(const Endpoint& endpoint, IpProtocol protocol, const char* name,
                       std::size_t rank, std::uint32_t priority) {
  return {.foundation = name + std::to_string(rank),
          .priority = priority,
          .address = endpoint.ip.to_string(),
          .protocol = protocol,
          .port = endpoint.port};
}

}  // namespace

std::vector<IceCandidate> host_candidates(std::span<const Endpoint> udp,
                                          std::span<const Endpoint> tcp) {
  std::vector<IceCandidate> candidates;
  for (std::size_t rank = 0; rank < udp.size(); ++rank)
    candidates.push_back(candidate(udp[rank], IpProtocol::Udp, "host", rank, host_priority(rank)));
  for (std::size_t rank = 0; rank < tcp.size(); ++rank)
    candidates.push_back(
        candidate(tcp[rank], IpProtocol::Tcp, "tcp", rank, tcp_host_priority(rank)));
  return candidates;
}

}  // namespace sfu::core

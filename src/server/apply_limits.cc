#include "server/apply_limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace sfu::server {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMinPendingSessions = 1'000;
/// Sessions and connections that are about to end, and requests of operators.
constexpr std::size_t kSlack = 1'000;

std::size_t pending_sessions(const LimitSettings& limits) {
  return std::max(kMinPendingSessions, limits.max_connections / 4);
}

}  // namespace

void apply_limits(const LimitSettings& limits, signaling::Options& options) {
  options.trusted_proxies = limits.trusted_proxies;
  options.max_connections = tcp_connections(limits);
  options.max_connections_per_address = limits.max_connections_per_address;
  options.max_pending_sessions = pending_sessions(limits);
  options.max_sessions = limits.max_connections + 2 * options.max_pending_sessions + kSlack;
  options.address_bytes = limits.address_bytes;
  options.max_payload = limits.max_message_bytes;
  options.max_json_depth = limits.max_json_depth;
  options.max_queued_bytes = limits.max_queue_bytes;
  options.max_queued_time = seconds(limits.max_queue_seconds);
  options.header_timeout = seconds(limits.header_seconds);
  options.body_timeout = seconds(limits.body_seconds);
  options.connect_timeout = seconds(limits.connect_seconds);
}

void apply_limits(const LimitSettings& limits, service::Options& options) {
  options.rates = limits.rates;
  options.max_connections = limits.max_connections;
  options.max_rooms = limits.max_rooms;
  options.max_peer_to_peer_rooms = limits.max_rooms;
  options.max_participants_per_room = limits.max_participants_per_room;
  options.max_peers_per_room = limits.max_peers_per_room;
  options.max_json_depth = limits.max_json_depth;
  options.disconnect_expired = limits.disconnect_expired;
}

std::size_t tcp_connections(const LimitSettings& limits) {
  return 2 * (limits.max_connections + pending_sessions(limits)) + kSlack;
}

std::size_t raise_open_files(std::size_t connections, std::size_t others) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t wanted = connections + others;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace sfu::server

#pragma once

#include <optional>
#include <set>
#include <utility>

#include "signaling/auth/jwt.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

/// Which connections are older than their tokens allow. In wall time, which may jump: it is asked
/// again and again.
class TokenExpiry {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;
  using UnixSeconds = signaling::auth::UnixSeconds;

  void add(ConnectionId id, UnixSeconds at) { by_time_.emplace(at, id); }
  void remove(ConnectionId id, UnixSeconds at) { by_time_.erase({at, id}); }
  /// Takes out and returns one that has expired: from the second of `exp` on (RFC 7519 §4.1.4).
  std::optional<ConnectionId> pop_expired(UnixSeconds now) {
    if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
    return by_time_.extract(by_time_.begin()).value().second;
  }
  std::size_t size() const { return by_time_.size(); }

 private:
  std::set<std::pair<UnixSeconds, ConnectionId>> by_time_;
};

}  // namespace sfu::service

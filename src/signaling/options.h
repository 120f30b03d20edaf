#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/units.h"

namespace sfu::signaling {

/// What the operator may set about the signaling connections. The defaults are those of the
/// reference Socket.IO server, the bounds are ours.
struct Options {
  TimeDelta ping_interval = std::chrono::seconds(25);
  TimeDelta ping_timeout = std::chrono::seconds(20);
  /// From the transport's opening to the first accepted CONNECT.
  TimeDelta connect_timeout = std::chrono::seconds(45);
  /// From the WebSocket's opening to the packet that completes the upgrade.
  TimeDelta upgrade_timeout = std::chrono::seconds(10);
  /// Largest message and largest HTTP body, in bytes.
  std::size_t max_payload = 1'000'000;
  /// What may wait for one slow reader, in bytes; beyond it the connection is closed.
  std::size_t max_queued_bytes = 4'000'000;
  /// Engine.IO sessions at one time, and TCP connections at one time.
  std::size_t max_sessions = 20'000;
  std::size_t max_connections = 20'000;
  /// Origins that browsers may call from, as "https://meet.example"; "*" stands for any.
  std::vector<std::string> cors_origins;
};

}  // namespace sfu::signaling

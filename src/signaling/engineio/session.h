#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "signaling/engineio/server.h"

namespace sfu::signaling::engineio {

/// One client: over polling, over a WebSocket, or on its way from the one to the other.
struct Server::Session {
  SessionId id;
  std::string sid;
  std::optional<WebSocketId> websocket;  // The transport; without it, polling is.
  std::optional<WebSocketId> candidate;  // A WebSocket that wants to become the transport,
  bool probed = false;                   // and whether it has sent its probe.
  std::optional<RequestId> poll;         // The GET that waits for something to send.
  std::optional<RequestId> post;         // The POST whose body is still on its way.
  std::vector<Frame> queue;              // For the next poll.
  std::size_t queued_bytes = 0;
  Timestamp next_heartbeat;  // When to ping; or, after a ping, when the pong is late.
  bool awaits_pong = false;
  Timestamp upgrade_deadline;  // Where there is a candidate.
  bool closing = false;        // Closed by the application, and the next poll shall hear of it.
  bool flush_scheduled = false;
};

}  // namespace sfu::signaling::engineio

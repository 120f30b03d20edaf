#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/address_range.h"
#include "base/token_bucket.h"
#include "base/units.h"
#include "signaling/refusal.h"

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
  /// How deep each argument of an event may be nested.
  std::size_t max_json_depth = 32;
  /// What may wait for one slow reader, in bytes, and for how long its next message may; beyond
  /// either the connection is closed.
  std::size_t max_queued_bytes = 4'000'000;
  TimeDelta max_queued_time = std::chrono::seconds(30);
  /// How long a Socket.IO session whose connection broke off can be recovered; 0: never.
  TimeDelta recovery_window{0};
  /// What is kept of one session's events for its recovery, in packets and in bytes, and of all
  /// sessions together, in bytes. Beyond these a session starts anew.
  std::size_t recovery_packets = 1'000;
  std::size_t recovery_bytes = 1'000'000;
  std::size_t recovery_total_bytes = 256'000'000;
  /// Engine.IO sessions at one time, and TCP connections at one time.
  std::size_t max_sessions = 20'000;
  std::size_t max_connections = 20'000;
  /// Of them, sessions that are in no namespace yet: one more takes the place of the oldest, so
  /// whoever only opens sessions hinders nobody who connects.
  std::size_t max_pending_sessions = 4'000;
  /// Of all bodies and messages that have not come whole, in bytes.
  std::size_t max_unfinished_bytes = 256'000'000;
  /// Of all HTTP answers that their clients have not taken yet, in bytes.
  std::size_t max_untaken_bytes = 256'000'000;
  /// Of TCP connections, those of one address.
  std::size_t max_connections_per_address = 20'000;
  /// How fast bodies and messages of one address are read, in bytes: more waits on its side.
  Rate address_bytes{32e6, 64e6};
  /// For the header of an HTTP request, and for its body.
  TimeDelta header_timeout = std::chrono::seconds(20);
  TimeDelta body_timeout = std::chrono::seconds(30);
  /// Whose X-Forwarded-For is believed.
  std::vector<AddressRange> trusted_proxies;
  /// Hears of each refusal; may be empty.
  RefusalListener on_refused;
  /// Origins that browsers may call from, as "https://meet.example"; "*" stands for any.
  std::vector<std::string> cors_origins;
};

}  // namespace sfu::signaling

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/endpoint.h"

namespace sfu::signaling {

/// What the doors of HTTP, Engine.IO and Socket.IO turn away before there is a request of a person
/// that could be answered.
enum class Refusal : std::uint8_t {
  BadRequest,      // HTTP that cannot be read or is too large, an unknown session, a wrong order
  SlowRequest,     // a request that took too long to come, or an answer that nobody took
  ForeignOrigin,   // a WebSocket from a page of another site
  TooMany,         // a TCP connection beyond the bounds, of all or of one address; a large body
                   // where too much waits for its end already
  BadPacket,       // WebSocket frames, Engine.IO or Socket.IO packets against their rules
  SlowReader,      // somebody for whom too much was waiting, or for too long
  NeverConnected,  // a session that named no namespace in time, or made room for others
  TooMuch,  // a WebSocket of pings or empty frames without end, or where too much waits already
};
inline constexpr std::size_t kRefusals = 8;

/// As statistics and the log call it: "bad_request".
constexpr std::string_view to_string(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusals> kTexts = {
      "bad_request", "slow_request", "foreign_origin",  "too_many",
      "bad_packet",  "slow_reader",  "never_connected", "too_much"};
  return kTexts[static_cast<std::size_t>(refusal)];
}

/// `what` says more, for people: a status, a reason.
using RefusalListener =
    std::function<void(Refusal refusal, const IpAddress& client, std::string_view what)>;

}  // namespace sfu::signaling

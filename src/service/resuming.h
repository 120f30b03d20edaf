#pragma once

#include <boost/json/object.hpp>

#include "service/participant.h"
#include "service/room.h"

namespace sfu::service {

/// What a client that comes back is told of itself: `{ resumed: true, transports, producers,
/// consumers, participants }`, by which it finds out what it missed. docs/api.md shows it.
boost::json::object describe_stay(const Room& room, const Participant& participant);

/// Emits `new-consumer` for each that was made while the participant had no connection.
void emit_missed_consumers(const Room& room, Participant& participant);

}  // namespace sfu::service

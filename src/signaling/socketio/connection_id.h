#pragma once

#include <cstdint>

#include "base/units.h"

namespace sfu::signaling::socketio {

/// One client in one namespace, from its accepted CONNECT to its end. Never used twice.
using ConnectionId = StrongId<struct ConnectionIdTag, std::uint64_t>;

}  // namespace sfu::signaling::socketio

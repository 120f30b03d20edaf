#pragma once

#include "base/units.h"
#include "core/stats.h"
#include "transport/webrtc_transport.h"

namespace sfu::core {

/// A transport's counters, and those of all that is on it.
TransportStats stats_of(Timestamp now, const transport::WebRtcTransport& transport);

}  // namespace sfu::core

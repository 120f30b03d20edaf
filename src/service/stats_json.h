#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <vector>

#include "core/stats.h"
#include "service/participant.h"
#include "service/room.h"

namespace sfu::service {

namespace json = boost::json;

/// Whether people may be told from a statistic: their addresses, ids and producers.
enum class Audience : std::uint8_t { Anyone, Administrator };

/// One entry of `roomStats[].participants`.
json::object participant_to_json(const Participant& participant, Audience audience);

/// One entry of `roomStats`.
json::object room_to_json(const Room& room, Audience audience);

/// One entry of `workerStats`; `stats` is absent where the worker gave none.
json::object worker_to_json(std::size_t index, const std::optional<core::WorkerStats>& stats);

/// The producers of what a participant consumes, on whatever workers they are.
using ViewedProducers = std::map<ProducerId, core::ProducerStats>;

/// What `participant-stats` carries: the participant with the counters of both transports.
json::object participant_stats_to_json(const Participant& participant,
                                       const std::optional<core::TransportStats>& send,
                                       const std::optional<core::TransportStats>& recv,
                                       const ViewedProducers& viewed);

/// mediasoup's getStats() of one stream: `inbound-rtp` or `outbound-rtp`.
json::object stream_to_json(const core::RtpStreamStats& stream);
/// mediasoup's getStats() of a WebRtcTransport.
json::object transport_to_json(const core::TransportStats& transport);

}  // namespace sfu::service

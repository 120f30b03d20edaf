#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/ids.h"
#include "service/participant.h"

namespace sfu::service {

namespace asio = boost::asio;

class MediasoupServer;

// Makes the consumers that are missing and emits `new-consumer` for each. To be called in the
// room's turn. Who cannot consume, or goes meanwhile, gets none; nothing is left half made.

/// Of all producers of the others, for one viewer: none before it has its receive transport and has
/// told its capabilities.
asio::awaitable<void> make_consumers_for_viewer(MediasoupServer& server, ParticipantId viewer);

/// Of one producer, for all viewers.
asio::awaitable<void> make_consumers_of_producer(MediasoupServer& server, ParticipantId owner,
                                                 ProducerId producer);

/// What `new-consumer` carries.
boost::json::object describe_new_consumer(const Producer& producer, const Consumer& consumer,
                                          const ortc::RtpParameters& parameters);

}  // namespace sfu::service

#include "service/requests.h"

#include <array>

namespace sfu::service {
namespace {

constexpr std::array kRequests = {
    RequestInfo{"join-room", "router-rtp-capabilities", "Failed to join room", Stage::Anytime,
                join_room},
    RequestInfo{"leave-room", "room-left", "Failed to leave room", Stage::InRoom, leave_room},
    RequestInfo{"create-webrtc-transport", "webrtc-transport-created", "Failed to create transport",
                Stage::InRoom, create_transport},
    RequestInfo{"connect-webrtc-transport", "webrtc-transport-connected",
                "Failed to connect transport", Stage::WithTransport, connect_transport},
    RequestInfo{"set-rtp-capabilities", "rtp-capabilities-set", "Failed to set RTP capabilities",
                Stage::WithTransport, set_rtp_capabilities},
    RequestInfo{"create-producer", "producer-created", "Failed to create producer",
                Stage::WithTransport, create_producer},
    RequestInfo{"pause-producer", "", "Failed to pause producer", Stage::WithTransport,
                pause_producer},
    RequestInfo{"resume-producer", "", "Failed to resume producer", Stage::WithTransport,
                resume_producer},
    RequestInfo{"close-producer", "", "Failed to close producer", Stage::WithTransport,
                close_producer},
    RequestInfo{"resume-consumer", "consumer-resumed", "Failed to resume consumer",
                Stage::WithTransport, resume_consumer},
    RequestInfo{"pause-consumer", "consumer-paused", "Failed to pause consumer",
                Stage::WithTransport, pause_consumer},
    RequestInfo{"resume-all-consumers", "", "Failed to resume all consumers", Stage::WithTransport,
                resume_all_consumers},
    RequestInfo{"set-preferred-layers", "preferred-layers-set", "Failed to set preferred layers",
                Stage::WithTransport, set_preferred_layers},
    RequestInfo{"get-participant-stats", "participant-stats", "Failed to get stats",
                Stage::WithTransport, get_participant_stats},
};

}  // namespace

std::span<const RequestInfo> request_table() { return kRequests; }

const RequestInfo* find_request(std::string_view event) {
  for (const RequestInfo& info : kRequests)
    if (info.event == event) return &info;
  return nullptr;
}

}  // namespace sfu::service

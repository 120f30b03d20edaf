#include "service/requests.h"

#include <array>

#include "service/peer_to_peer_requests.h"

namespace sfu::service {
namespace {

using Handle = decltype(RequestInfo::handle);

constexpr RequestInfo among_peers(std::string_view event, std::string_view failure, Handle handle) {
  return {event, "", failure, Stage::Anytime, handle, false, true};
}
constexpr RequestInfo relayed(std::string_view event, std::string_view failure) {
  return {event, "", failure, Stage::Anytime, relay_to_peer, true, true};
}

constexpr std::array kRequests = {
    RequestInfo{"join-room", "router-rtp-capabilities", "Failed to join room", Stage::Anytime,
                join_room},
    RequestInfo{"leave-room", "room-left", "Failed to leave room", Stage::InRoom, leave_room},
    RequestInfo{"create-webrtc-transport", "webrtc-transport-created", "Failed to create transport",
                Stage::InRoom, create_transport},
    RequestInfo{"connect-webrtc-transport", "webrtc-transport-connected",
                "Failed to connect transport", Stage::WithTransport, connect_transport},
    RequestInfo{"restart-ice", "ice-restarted", "Failed to restart ICE", Stage::WithTransport,
                restart_ice},
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
    RequestInfo{"produce-data", "data-producer-created", "Failed to create data producer",
                Stage::WithTransport, produce_data},
    RequestInfo{"resume-consumer", "consumer-resumed", "Failed to resume consumer",
                Stage::WithTransport, resume_consumer},
    RequestInfo{"pause-consumer", "consumer-paused", "Failed to pause consumer",
                Stage::WithTransport, pause_consumer},
    RequestInfo{"resume-all-consumers", "", "Failed to resume all consumers", Stage::WithTransport,
                resume_all_consumers},
    RequestInfo{"set-preferred-layers", "preferred-layers-set", "Failed to set preferred layers",
                Stage::WithTransport, set_preferred_layers},
    RequestInfo{"set-consumer-priority", "", "Failed to set priority", Stage::WithTransport,
                set_consumer_priority},
    RequestInfo{"request-key-frame", "", "Failed to request key frame", Stage::WithTransport,
                request_key_frame},
    RequestInfo{"get-participant-stats", "participant-stats", "Failed to get stats",
                Stage::WithTransport, get_participant_stats},

    // Peer to peer: these look for their own kind of room. A newcomer makes everybody an offer and
    // some ten candidates for it, so the relays come in bursts of hundreds; `ready` is answered
    // with the whole room to everybody in it and is the one that costs.
    among_peers("ready", "Failed to join room", enter_peer_to_peer_room),
    RequestInfo{"user-left", "", "Failed to leave room", Stage::Anytime, leave_peer_to_peer_room},
    relayed("call-user", "Failed to call user"),
    relayed("make-answer", "Failed to answer user"),
    relayed("ice-candidate", "Failed to send ICE candidate"),
    relayed("screen-share-call", "Failed to call user"),
    relayed("screen-share-answer", "Failed to answer user"),
    relayed("screen-share-candidate", "Failed to send ICE candidate"),
    among_peers("screen-share-started", "Failed to start screen sharing", start_screen_share),
    among_peers("screen-share-stopped", "Failed to stop screen sharing", stop_screen_share),
    among_peers("screen-share-ready", "Failed to setup screen sharing connections",
                connect_screen_share),
    among_peers("media-state-change", "Failed to change media state", change_media_state),
    among_peers("chat:message", "Failed to send message", send_chat_message),
    among_peers("chat:typing-start", "Failed to send typing state", tell_typing),
    among_peers("chat:typing-stop", "Failed to send typing state", tell_typing),
};

}  // namespace

std::span<const RequestInfo> request_table() { return kRequests; }

const RequestInfo* find_request(std::string_view event) {
  for (const RequestInfo& info : kRequests)
    if (info.event == event) return &info;
  return nullptr;
}

}  // namespace sfu::service

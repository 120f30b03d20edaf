#include "load/metrics.h"

namespace sfu::load {

std::string_view to_string(JoinStep step) {
  switch (step) {
    case JoinStep::Signaling: return "signaling";
    case JoinStep::JoinRoom: return "join-room";
    case JoinStep::CreateTransport: return "create-webrtc-transport";
    case JoinStep::Connect: return "connect-webrtc-transport";
    case JoinStep::Capabilities: return "set-rtp-capabilities";
    case JoinStep::Produce: return "create-producer";
    case JoinStep::Check: return "ICE check";
    case JoinStep::Dtls: return "DTLS flights";
    case JoinStep::FirstMedia: return "resume to first media";
    case JoinStep::ServerTime: return "server time";
  }
  return "unknown";
}

}  // namespace sfu::load

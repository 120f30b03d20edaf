#include "service/event_limits.h"

#include <algorithm>
#include <array>

namespace sfu::service {
namespace {

constexpr auto kHeavy = std::to_array<std::string_view>({
    "join-room",
    "create-webrtc-transport",
    "connect-webrtc-transport",
    "restart-ice",
    "set-rtp-capabilities",
    "create-producer",
    "pause-producer",
    "resume-producer",
    "close-producer",
    "produce-data",
    "get-participant-stats",
    "ready",
    "screen-share-ready",
});
constexpr auto kIceCandidates =
    std::to_array<std::string_view>({"ice-candidate", "screen-share-candidate"});

}  // namespace

EventClass event_class(std::string_view event) {
  if (std::ranges::find(kHeavy, event) != kHeavy.end()) return EventClass::Heavy;
  if (std::ranges::find(kIceCandidates, event) != kIceCandidates.end())
    return EventClass::IceCandidate;
  return EventClass::Light;
}

}  // namespace sfu::service

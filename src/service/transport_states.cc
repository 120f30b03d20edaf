#include "service/transport_states.h"

#include <utility>

#include "service/mediasoup_server.h"

// transport-state-changed.

namespace sfu::service {

std::string_view to_string(core::IceState state) {
  switch (state) {
    case core::IceState::New: return "new";
    case core::IceState::Connected: return "connected";
    case core::IceState::Completed: return "completed";
    case core::IceState::Disconnected: return "disconnected";
  }
  return "";
}

std::string_view to_string(core::DtlsState state) {
  switch (state) {
    case core::DtlsState::New: return "new";
    case core::DtlsState::Connecting: return "connecting";
    case core::DtlsState::Connected: return "connected";
    case core::DtlsState::Failed: return "failed";
    case core::DtlsState::Closed: return "closed";
  }
  return "";
}

void MediasoupServer::on_transport_state(const core::TransportStateChanged& event) {
  const std::string_view ice = to_string(event.ice);
  const std::string_view dtls = to_string(event.dtls);
  const std::initializer_list<LogField> fields = {
      {"transport", event.transport.to_string()}, {"ice", ice}, {"dtls", dtls}};
  if (event.dtls == core::DtlsState::Failed)
    log_.warn("transport failed", fields);
  else
    log_.info("transport state", fields);

  const auto owner = transports_.find(event.transport);
  const auto place = owner ? find(owner->participant) : std::nullopt;
  if (!place) return;
  auto& transport = place->participant.transport(owner->direction);
  if (!transport || transport->id != event.transport) return;
  transport->ice = event.ice;
  transport->dtls = event.dtls;
  if (event.ice != core::IceState::New && !std::exchange(transport->heard, true))
    on_heard(place->participant);
  place->room.emit(
      place->participant, "transport-state-changed",
      json::object{
          {"direction", to_string(owner->direction)}, {"iceState", ice}, {"dtlsState", dtls}});
}

}  // namespace sfu::service

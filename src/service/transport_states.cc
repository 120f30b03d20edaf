#include "service/transport_states.h"

#include <utility>

#include "service/mediasoup_server.h"

// transport-state-changed, and what the log says of transports.

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
  const auto owner = transports_.find(event.transport);
  const auto place = owner ? find(owner->participant) : std::nullopt;
  const auto write = [&](std::initializer_list<LogField> fields) {
    if (event.dtls == core::DtlsState::Failed)
      log_.warn("transport failed", fields);
    else
      log_.info("transport state", fields);
  };
  const std::string id = event.transport.to_string();
  if (!place) return write({{"ice", ice}, {"dtls", dtls}, {"transport", id}});
  write({{"ice", ice},
         {"dtls", dtls},
         {"room", place->room.id()},
         {"user", place->participant.user_id()},
         {"direction", to_string(owner->direction)},
         {"transport", id}});

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

void MediasoupServer::on_diagnostic(std::size_t worker, const core::Diagnostic& diagnostic) {
  const auto write = [&](std::initializer_list<LogField> fields) {
    if (diagnostic.level == core::Diagnostic::Level::Warn)
      media_log_.warn(diagnostic.text, fields);
    else
      media_log_.info(diagnostic.text, fields);
  };
  const auto owner = diagnostic.transport ? transports_.find(*diagnostic.transport) : std::nullopt;
  const auto place = owner ? find(owner->participant) : std::nullopt;
  if (!place) return write({{"worker", worker}});
  write({{"worker", worker},
         {"room", place->room.id()},
         {"user", place->participant.user_id()},
         {"direction", to_string(owner->direction)}});
}

}  // namespace sfu::service

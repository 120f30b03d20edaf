#include "signaling/socketio/server.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "signaling/base64.h"

namespace sfu::signaling::socketio {

namespace {

namespace json = boost::json;

constexpr std::size_t kSidBytes = 15;

DisconnectReason reason_of(engineio::CloseReason reason) {
  switch (reason) {
    case engineio::CloseReason::ClientClose: return DisconnectReason::TransportClose;
    case engineio::CloseReason::PageGone: return DisconnectReason::PageGone;
    case engineio::CloseReason::ServerClose: return DisconnectReason::ServerDisconnect;
    case engineio::CloseReason::TransportError: return DisconnectReason::TransportError;
    case engineio::CloseReason::PingTimeout: return DisconnectReason::PingTimeout;
    case engineio::CloseReason::ParseError: return DisconnectReason::ParseError;
    case engineio::CloseReason::SlowReader: return DisconnectReason::SlowReader;
    case engineio::CloseReason::TooMuch: return DisconnectReason::TooMuch;
  }
  return DisconnectReason::TransportError;
}

Arguments one(const json::value& payload) {
  Arguments arguments;
  arguments.values.push_back(payload);
  return arguments;
}

std::optional<std::string_view> text_of(const json::value& object, std::string_view key) {
  const json::object* fields = object.if_object();
  const json::value* field = fields ? fields->if_contains(key) : nullptr;
  if (!field || !field->is_string()) return std::nullopt;
  return std::string_view(field->get_string());
}

}  // namespace

std::string_view to_string(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::ClientDisconnect: return "client disconnect";
    case DisconnectReason::PageGone: return "page gone";
    case DisconnectReason::ServerDisconnect: return "server disconnect";
    case DisconnectReason::TransportClose: return "transport close";
    case DisconnectReason::TransportError: return "transport error";
    case DisconnectReason::PingTimeout: return "ping timeout";
    case DisconnectReason::ParseError: return "parse error";
    case DisconnectReason::SlowReader: return "slow reader";
    case DisconnectReason::TooMuch: return "too much";
  }
  return "";
}

Server::Server(const Options& options, engineio::Server& transport, RandomSource& random,
               UnfinishedBytes& unfinished)
    : connect_timeout_(options.connect_timeout),
      max_unconnected_(options.max_pending_sessions),
      max_json_depth_(options.max_json_depth),
      max_packet_bytes_(options.max_payload),
      on_refused_(options.on_refused),
      transport_(transport),
      random_(random),
      unfinished_(unfinished),
      recovery_(options, random) {}

void Server::add_namespace(std::string name, Handler& handler) {
  SFU_CHECK(name.starts_with('/'));
  namespaces_.emplace(name, Namespace{name, &handler});
}

// ---- The service's side.

void Server::emit(ConnectionId id, std::string_view event, const json::value& payload) {
  if (const std::string* nsp = nsp_of(id)) emit(id, encode_event(*nsp, event, payload));
}

void Server::emit_arguments(ConnectionId id, std::string_view event, const Arguments& arguments) {
  if (const std::string* nsp = nsp_of(id)) emit(id, encode_event(*nsp, event, arguments));
}

Encoded Server::encode(std::string_view event, const json::value& payload, std::string_view nsp) {
  return encode_event(nsp, event, payload);
}

Encoded Server::encode_arguments(std::string_view event, const Arguments& arguments,
                                 std::string_view nsp) {
  return encode_event(nsp, event, arguments);
}

void Server::emit(ConnectionId id, const Encoded& event) {
  if (connecting_ == id) {
    held_.push_back(event);
    return;
  }
  const Encoded& kept = recovery_.keep(id, event);
  if (const Connection* connection = live(id)) send(connection->session, kept);
}

void Server::emit_volatile(ConnectionId id, const Encoded& event) {
  if (connecting_ == id) return;
  if (const Connection* connection = live(id)) send(connection->session, event);
}

void Server::acknowledge(Ack ack, const json::value& payload) {
  acknowledge_arguments(std::move(ack), one(payload));
}

void Server::acknowledge_arguments(Ack ack, const Arguments& arguments) {
  const std::string* nsp = nsp_of(ack.connection_);
  if (!nsp) return;
  const Encoded encoded = encode_ack(*nsp, ack.id_, arguments);
  if (const Connection* connection = live(ack.connection_)) {
    send(connection->session, encoded);
  } else if (!arguments.values.empty()) {
    recovery_.keep(ack.connection_, encoded);  // The client waits for it, should it come back.
  }
}

void Server::make_recoverable(ConnectionId id, std::string owner) {
  if (connecting_ == id && recovery_.is_on()) owner_ = std::move(owner);
}

void Server::disconnect(ConnectionId id) {
  recovery_.forget(id);
  const Connection* connection = live(id);
  if (!connection) return;
  send(connection->session, encode_disconnect(connection->nsp->name));
  close(connection->session, DisconnectReason::ServerDisconnect);
}

void Server::drop(ConnectionId id) {
  recovery_.forget(id);
  if (const Connection* connection = live(id))
    close(connection->session, DisconnectReason::ServerDisconnect);
}

bool Server::is_connected(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found != connections_.end() && !sessions_.at(found->second.session)->ending;
}

// ---- The shell's side.

void Server::handle_transport_event(Timestamp now, engineio::Event event) {
  if (auto* opened = std::get_if<engineio::Opened>(&event)) {
    auto session = std::make_unique<Session>(max_json_depth_, max_packet_bytes_, unfinished_);
    session->request = std::move(opened->request);
    sessions_.emplace(opened->session, std::move(session));
    unconnected_.set(opened->session, now + connect_timeout_);
    bound_unconnected();
  } else if (auto* message = std::get_if<engineio::Message>(&event)) {
    handle_message(now, std::move(*message));
  } else {
    handle_closed(now, std::get<engineio::Closed>(event));
  }
}

void Server::handle_timeout(Timestamp now) {
  recovery_.handle_timeout(now);
  while (const auto due = unconnected_.pop_due(now)) {
    sessions_.at(*due)->never_connected = true;
    close(*due, DisconnectReason::ServerDisconnect);
  }
  while (const auto due = incomplete_.pop_due(now)) close(*due, DisconnectReason::TooMuch);
}

/// The oldest makes room for the latest: who means it is connected within a round trip.
void Server::bound_unconnected() {
  while (unconnected_.size() > max_unconnected_) {
    const SessionId oldest = *unconnected_.pop_first();
    Session& session = *sessions_.at(oldest);
    session.never_connected = true;
    if (!session.ending) session.ending = DisconnectReason::ServerDisconnect;
    transport_.drop(oldest);
  }
}

void Server::report(const Session& session, DisconnectReason reason) const {
  if (!on_refused_) return;
  if (session.never_connected)
    on_refused_(Refusal::NeverConnected, session.request.client, "no CONNECT");
  else if (reason == DisconnectReason::ParseError)
    on_refused_(Refusal::BadPacket, session.request.client, to_string(reason));
  else if (reason == DisconnectReason::SlowReader)
    on_refused_(Refusal::SlowReader, session.request.client, to_string(reason));
  else if (reason == DisconnectReason::TooMuch)
    on_refused_(Refusal::TooMuch, session.request.client, to_string(reason));
}

std::optional<Timestamp> Server::next_timeout() const {
  std::optional<Timestamp> first;
  for (const auto& next : {unconnected_.next(), incomplete_.next(), recovery_.next_timeout()})
    if (next && (!first || *next < *first)) first = next;
  return first;
}

void Server::handle_message(Timestamp now, engineio::Message message) {
  const auto found = sessions_.find(message.session);
  if (found == sessions_.end() || found->second->ending) return;
  Session& session = *found->second;
  // Whoever has shown no token yet may only connect; nothing else is read or kept.
  const bool may_connect = !message.binary && is_connect(message.data);
  if (session.connections.empty() && !may_connect)
    return close(message.session, DisconnectReason::ParseError);
  auto decoded = message.binary ? session.decoder.binary(std::move(message.data))
                                : session.decoder.text(message.data);
  if (!decoded) {
    close(message.session, DisconnectReason::ParseError);
  } else if (!hold_incomplete(now, message.session, session)) {
    close(message.session, DisconnectReason::TooMuch);
  } else if (*decoded) {
    handle_packet(now, message.session, session, std::move(**decoded));
  }
}

/// False where what the session's decoder keeps is more than there is room for.
bool Server::hold_incomplete(Timestamp now, SessionId id, Session& session) {
  const std::size_t bytes = session.decoder.held_bytes();
  if (bytes == 0) {
    incomplete_.clear(id);
  } else if (!incomplete_.contains(id)) {
    incomplete_.set(id, now + kAttachmentsTimeout);
  }
  return session.incomplete.hold(bytes);
}

void Server::handle_closed(Timestamp now, const engineio::Closed& closed) {
  const auto found = sessions_.find(closed.session);
  if (found == sessions_.end()) return;
  const std::unique_ptr<Session> session = std::move(found->second);
  sessions_.erase(found);
  unconnected_.clear(closed.session);
  incomplete_.clear(closed.session);
  const DisconnectReason reason = session->ending.value_or(reason_of(closed.reason));
  report(*session, reason);
  const bool may_return = !has_left(reason) && reason != DisconnectReason::ServerDisconnect;
  std::vector<std::pair<ConnectionId, Handler*>> ended;
  for (const ConnectionId id : session->connections) {
    ended.emplace_back(id, connections_.at(id).nsp->handler);
    connections_.erase(id);
    if (may_return) {
      recovery_.end(now, id);
    } else {
      recovery_.forget(id);
    }
  }
  for (const auto& [id, handler] : ended) handler->on_disconnect(id, reason);
}

void Server::handle_packet(Timestamp now, SessionId id, Session& session, Packet packet) {
  const auto connection = find(session, packet.nsp);
  if (!connection) {
    if (packet.type != PacketType::Connect) return close(id, DisconnectReason::ParseError);
    return connect(id, session, packet);
  }
  switch (packet.type) {
    case PacketType::Event:
    case PacketType::BinaryEvent:
      dispatch(*connection, *connections_.at(*connection).nsp, std::move(packet));
      return;
    case PacketType::Disconnect: leave(now, session, *connection); return;
    case PacketType::Ack:
    case PacketType::BinaryAck: return;  // Of an event that asked for none.
    case PacketType::Connect:
    case PacketType::ConnectError: close(id, DisconnectReason::ParseError); return;
  }
}

void Server::connect(SessionId id, Session& session, const Packet& packet) {
  const auto found = namespaces_.find(packet.nsp);
  if (found == namespaces_.end()) {
    return refuse(id, session, encode_connect_error(packet.nsp, "Invalid namespace", nullptr));
  }
  if (packet.too_deep) {
    const json::value code{{"code", "too_deep"}};
    return refuse(id, session, encode_connect_error(packet.nsp, "JSON is nested too deep", code));
  }
  const Namespace& nsp = found->second;
  const ConnectionId connection{++last_connection_};
  const json::value auth = packet.data.is_null() ? json::value(json::object()) : packet.data;

  connections_.emplace(connection, Connection{id, &nsp});
  connecting_ = connection;
  const auto accepted = nsp.handler->on_connect(connection, {nsp.name, auth, session.request});
  connecting_.reset();
  if (!accepted) {
    held_.clear();
    owner_.reset();
    connections_.erase(connection);
    const ConnectRefusal& why = accepted.error();
    return refuse(id, session, encode_connect_error(nsp.name, why.message, why.data));
  }
  session.connections.push_back(connection);
  unconnected_.clear(id);
  welcome(id, connection, nsp, auth);
}

void Server::refuse(SessionId id, Session& session, const Encoded& why) {
  send(id, why);
  if (++session.refused_connects == kMaxRefusedConnects) close(id, DisconnectReason::ParseError);
}

/// The CONNECT in return, then what the client missed, then what it has been sent by now.
void Server::welcome(SessionId id, ConnectionId connection, const Namespace& nsp,
                     const json::value& auth) {
  const std::vector<Encoded> held = std::exchange(held_, {});
  const auto owner = std::exchange(owner_, std::nullopt);
  const auto pid = owner ? text_of(auth, "pid") : std::nullopt;
  const auto recovered =
      pid ? recovery_.recover(connection, *pid, text_of(auth, "offset"), nsp.name, *owner)
          : std::nullopt;
  if (recovered) {
    send(id, encode_connect(nsp.name, recovered->sid, *pid));
    for (const Encoded& encoded : recovered->missed) send(id, encoded);
    drop(recovered->previous);
  } else {
    std::array<std::uint8_t, kSidBytes> bytes{};
    random_.fill(bytes);
    const std::string sid = base64url_encode(bytes);
    const std::string fresh_pid =
        owner ? recovery_.begin(connection, nsp.name, sid, *owner) : std::string();
    send(id, encode_connect(nsp.name, sid, fresh_pid));
  }
  for (const Encoded& encoded : held) send(id, recovery_.keep(connection, encoded));
  if (recovered) nsp.handler->on_recovered(connection, recovered->previous);
}

void Server::dispatch(ConnectionId id, const Namespace& nsp, Packet packet) {
  std::optional<Ack> ack;
  if (packet.ack) ack = Ack(id, *packet.ack);
  if (packet.too_deep) {
    auto name = packet.name_known ? std::optional(std::move(packet.name)) : std::nullopt;
    nsp.handler->on_too_deep(id, std::move(name), std::move(ack));
    return;
  }
  nsp.handler->on_event(
      id, Event{std::move(packet.name), std::move(packet.arguments), std::move(ack), packet.bytes});
}

void Server::leave(Timestamp now, Session& session, ConnectionId id) {
  const Connection connection = connections_.at(id);
  connections_.erase(id);
  recovery_.forget(id);
  std::erase(session.connections, id);
  if (session.connections.empty()) unconnected_.set(connection.session, now + connect_timeout_);
  connection.nsp->handler->on_disconnect(id, DisconnectReason::ClientDisconnect);
}

void Server::close(SessionId id, DisconnectReason reason) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->ending) return;
  Session& session = *found->second;
  session.ending = reason;
  session.decoder.forget();
  session.incomplete.hold(0);
  incomplete_.clear(id);
  transport_.close(id);
}

void Server::send(SessionId id, const Encoded& encoded) {
  for (const engineio::Frame& frame : encoded.frames) transport_.send(id, frame);
}

const std::string* Server::nsp_of(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? recovery_.nsp_of(id) : &found->second.nsp->name;
}

Server::Connection* Server::live(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || sessions_.at(found->second.session)->ending) return nullptr;
  return &found->second;
}

std::optional<ConnectionId> Server::find(const Session& session, std::string_view nsp) const {
  for (const ConnectionId id : session.connections)
    if (connections_.at(id).nsp->name == nsp) return id;
  return std::nullopt;
}

}  // namespace sfu::signaling::socketio

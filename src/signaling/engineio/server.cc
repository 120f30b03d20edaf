#include "signaling/engineio/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/base64.h"
#include "signaling/engineio/handshake.h"
#include "signaling/engineio/session.h"
#include "signaling/http/client_address.h"

namespace sfu::signaling::engineio {

namespace {

constexpr std::size_t kSidBytes = 15;  // 20 characters

HttpResponse payload_response(std::string body) {
  return {200, "text/plain; charset=UTF-8", std::move(body), {{"Cache-Control", "no-store"}}};
}

}  // namespace

Server::Server(const Options& options, RandomSource& random) : options_(options), random_(random) {}
Server::~Server() = default;

// ---- The application's side.

void Server::send(SessionId id, const Frame& frame) {
  Session* session = find(id);
  if (session && !session->closing) deliver(*session, frame);
}

void Server::close(SessionId id) {
  Session* session = find(id);
  if (!session || session->closing) return;
  if (session->websocket || (session->poll && session->queue.empty()))
    return end(*session, CloseReason::ServerClose);
  // What was sent before leaves in an answer of its own: of a payload with a Close in it, the
  // reference client forgets the messages.
  if (session->poll) flush_poll(*session);
  session->closing = true;
  report_closed(*session, CloseReason::ServerClose);
}

void Server::drop(SessionId id) {
  if (Session* session = find(id)) end(*session, CloseReason::ServerClose);
}

void Server::close_polling() {
  std::vector<SessionId> polling;
  for (const auto& [id, session] : sessions_)
    if (!session->websocket) polling.push_back(id);
  for (const SessionId id : polling) {
    Session& session = *find(id);
    if (!session.poll) {
      close(id);
      continue;
    }
    // There will be no other answer to say Close in.
    session.queue.push_back(text_frame(PacketType::Close));
    flush_poll(session);
    end(session, CloseReason::ServerClose);
  }
}

std::optional<Event> Server::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

// ---- Sessions.

Server::Session& Server::open(Timestamp now, const HttpRequest& request) {
  auto owned = std::make_unique<Session>();
  Session& session = *owned;
  session.id = SessionId{++last_session_};
  std::array<std::uint8_t, kSidBytes> bytes{};
  random_.fill(bytes);
  session.sid = base64url_encode(bytes);
  session.next_heartbeat = now + options_.ping_interval;
  by_sid_.emplace(session.sid, session.id);
  sessions_.emplace(session.id, std::move(owned));
  arm(session);
  const IpAddress client =
      client_address(request.remote.ip, request.headers, options_.trusted_proxies);
  push(Event(Opened{session.id, {request.query, kept_headers(request), request.remote, client}}));
  return session;
}

// ---- Packets and time.

void Server::handle_packet(Timestamp now, Session& session, Packet packet) {
  if (session.closing && packet.type != PacketType::Close) return;
  switch (packet.type) {
    case PacketType::Message:
      push(Event(Message{session.id, packet.binary, std::move(packet.data)}));
      return;
    case PacketType::Pong:
      if (!session.awaits_pong) return;
      session.awaits_pong = false;
      // A steady beat, however late the pong: deadline minus timeout is when the ping was due.
      session.next_heartbeat =
          std::max(now, session.next_heartbeat - options_.ping_timeout + options_.ping_interval);
      arm(session);
      return;
    case PacketType::Close: end(session, CloseReason::ClientClose); return;
    case PacketType::Ping:  // Heartbeats go from the server to the client.
      end(session, CloseReason::TransportError);
      return;
    case PacketType::Open:
    case PacketType::Upgrade:
    case PacketType::Noop: return;
  }
}

void Server::handle_timeout(Timestamp now) {
  while (const auto due = deadlines_.pop_due(now)) {
    Session& session = *find(*due);
    if (session.candidate && session.upgrade_deadline <= now) abandon_probe(session);
    if (session.next_heartbeat <= now) {
      heartbeat(session);
    } else {
      arm(session);
    }
  }
}

void Server::heartbeat(Session& session) {
  if (session.awaits_pong || session.closing) {
    end(session, CloseReason::PingTimeout);
    return;
  }
  session.awaits_pong = true;
  session.next_heartbeat += options_.ping_timeout;
  arm(session);
  deliver(session, text_frame(PacketType::Ping));
}

void Server::arm(Session& session) {
  deadlines_.set(session.id, session.candidate
                                 ? std::min(session.next_heartbeat, session.upgrade_deadline)
                                 : session.next_heartbeat);
}

// ---- Sending.

void Server::deliver(Session& session, const Frame& frame) {
  if (session.websocket) {
    push(Output(SendFrame{*session.websocket, frame}));
    return;
  }
  session.queued_bytes += payload_size(frame) + 1;
  if (session.queued_bytes > options_.max_queued_bytes) {
    end(session, CloseReason::SlowReader);
    return;
  }
  session.queue.push_back(frame);
  if (session.poll && !session.flush_scheduled) {
    polls_to_flush_.push_back(session.id);
    session.flush_scheduled = true;
    wake();
  }
}

void Server::flush_poll(Session& session) {
  std::string payload;
  payload.reserve(session.queued_bytes);
  for (const Frame& frame : session.queue) append_to_payload(frame, payload);
  session.queue = {};
  session.queued_bytes = 0;
  const RequestId id = *session.poll;
  session.poll.reset();
  respond(id, payload_response(std::move(payload)));
}

std::optional<Output> Server::poll_output() {
  for (const SessionId id : std::exchange(polls_to_flush_, {})) {
    Session* session = find(id);
    if (!session) continue;
    session->flush_scheduled = false;
    if (session->poll && !session->queue.empty()) flush_poll(*session);
  }
  if (outputs_.empty()) {
    woken_ = false;
    return std::nullopt;
  }
  Output output = std::move(outputs_.front());
  outputs_.pop_front();
  return output;
}

void Server::end(Session& session, CloseReason reason) {
  if (!session.closing) report_closed(session, reason);
  if (session.poll) {
    session.queue.clear();
    session.queue.push_back(
        text_frame(reason == CloseReason::ClientClose ? PacketType::Noop : PacketType::Close));
    flush_poll(session);
  }
  if (session.candidate) abandon_probe(session);
  if (session.websocket) {
    by_websocket_.erase(*session.websocket);
    push(Output(CloseWebSocket{*session.websocket}));
  }
  if (session.post) by_request_.erase(*session.post);
  deadlines_.clear(session.id);
  by_sid_.erase(session.sid);
  sessions_.erase(session.id);
}

void Server::report_closed(Session& session, CloseReason reason) {
  push(Event(Closed{session.id, reason}));
}

Server::Session* Server::find(SessionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Server::Session* Server::find(WebSocketId id) {
  const auto found = by_websocket_.find(id);
  return found == by_websocket_.end() ? nullptr : find(found->second);
}

void Server::respond(RequestId id, HttpResponse response) {
  by_request_.erase(id);
  push(Output(Respond{id, std::move(response)}));
}

void Server::push(Output output) {
  outputs_.push_back(std::move(output));
  wake();
}

void Server::push(Event event) {
  events_.push_back(std::move(event));
  wake();
}

void Server::wake() {
  if (woken_) return;
  woken_ = true;
  if (wake_) wake_();
}

}  // namespace sfu::signaling::engineio

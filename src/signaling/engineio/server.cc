#include "signaling/engineio/server.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "signaling/base64.h"
#include "signaling/engineio/handshake.h"
#include "signaling/http/client_address.h"

namespace sfu::signaling::engineio {

namespace {

constexpr std::size_t kSidBytes = 15;  // 20 characters

HttpResponse payload_response(std::string body) {
  return {200, "text/plain; charset=UTF-8", std::move(body), {{"Cache-Control", "no-store"}}};
}

}  // namespace

struct Server::Session {
  SessionId id;
  std::string sid;
  std::optional<WebSocketId> websocket;  // The transport; without it, polling is.
  std::optional<WebSocketId> candidate;  // A WebSocket that wants to become the transport,
  bool probed = false;                   // and whether it has sent its probe.
  std::optional<RequestId> poll;         // The GET that waits for something to send.
  std::optional<RequestId> post;         // The POST whose body is still on its way.
  std::vector<Frame> queue;              // For the next poll.
  std::size_t queued_bytes = 0;
  Timestamp next_heartbeat;  // When to ping; or, after a ping, when the pong is late.
  bool awaits_pong = false;
  Timestamp upgrade_deadline;  // Where there is a candidate.
  bool closing = false;        // Closed by the application, and the next poll shall hear of it.
  bool flush_scheduled = false;
};

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
  if (session->websocket || session->poll) {
    if (session->poll) {
      session->queue.push_back(text_frame(PacketType::Close));
      flush_poll(*session);
    }
    end(*session, CloseReason::ServerClose);
    return;
  }
  session->closing = true;
  session->queue.push_back(text_frame(PacketType::Close));
  report_closed(*session, CloseReason::ServerClose);
}

void Server::drop(SessionId id) {
  if (Session* session = find(id)) end(*session, CloseReason::ServerClose);
}

void Server::close_polling() {
  std::vector<SessionId> polling;
  for (const auto& [id, session] : sessions_)
    if (!session->websocket) polling.push_back(id);
  for (const SessionId id : polling) close(id);
}

std::optional<Event> Server::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

// ---- The shell's side: requests.

Server::Verdict Server::verify(const HttpRequest& request, bool upgrade) {
  const auto transport = request.parameter("transport");
  if (transport != "polling" && transport != "websocket")
    return {refusal(Refusal::UnknownTransport), nullptr};
  if (request.parameter("j")) return {refusal(Refusal::BadRequest), nullptr};  // JSONP
  const bool websocket = transport == "websocket";
  if (websocket != upgrade && !request.parameter("sid"))
    return {refusal(request.method == "GET" ? Refusal::BadRequest : Refusal::BadHandshakeMethod),
            nullptr};

  if (const auto sid = request.parameter("sid")) {
    const auto found = by_sid_.find(std::string_view(*sid));
    if (found == by_sid_.end()) return {refusal(Refusal::UnknownSid), nullptr};
    Session* session = find(found->second);
    if (upgrade ? !websocket : websocket || session->websocket)
      return {refusal(Refusal::BadRequest), nullptr};
    return {std::nullopt, session};
  }
  if (request.method != "GET") return {refusal(Refusal::BadHandshakeMethod), nullptr};
  if (request.parameter("EIO") != "4") return {refusal(Refusal::UnsupportedProtocol), nullptr};
  if (sessions_.size() >= options_.max_sessions)
    return {HttpResponse{503, "application/json", R"({"code":3,"message":"Server full"})", {}},
            nullptr};
  return {};
}

void Server::handle_request_head(Timestamp now, RequestId id, const HttpRequest& head) {
  handle_timeout(now);
  if (head.method != "POST") return;
  Session* session = verify(head, false).session;
  if (!session) return;
  if (session->post) {
    end(*session, CloseReason::TransportError);
    return;
  }
  session->post = id;
  by_request_.emplace(id, session->id);
}

void Server::handle_request(Timestamp now, RequestId id, const HttpRequest& request) {
  handle_timeout(now);
  auto [refused, session] = verify(request, false);
  if (refused) {
    respond(id, std::move(*refused));
    return;
  }
  if (!session) {
    Session& opened = open(now, request);
    opened.queue.push_back(text_frame(PacketType::Open, open_packet(opened.sid, true, options_)));
    poll(opened, id);
    return;
  }
  if (request.method == "GET") {
    poll(*session, id);
  } else if (request.method == "POST") {
    post(now, *session, id, request);
  } else {
    respond(id, refusal(Refusal::BadRequest));
  }
}

void Server::handle_request_gone(Timestamp now, RequestId id) {
  handle_timeout(now);
  const auto found = by_request_.find(id);
  if (found == by_request_.end()) return;
  Session* session = find(found->second);
  by_request_.erase(found);
  if (session->poll == id) session->poll.reset();
  if (session->post == id) session->post.reset();
  end(*session, CloseReason::TransportError);
}

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

void Server::poll(Session& session, RequestId id) {
  if (session.poll) {
    end(session, CloseReason::TransportError);
    respond(id, refusal(Refusal::BadRequest));
    return;
  }
  session.poll = id;
  by_request_.emplace(id, session.id);
  if (session.closing) {
    flush_poll(session);
    end(session, CloseReason::ServerClose);
  } else if (session.queue.empty() && session.probed) {
    deliver(session, text_frame(PacketType::Noop));
  } else if (!session.queue.empty()) {
    polls_to_flush_.push_back(session.id);
    session.flush_scheduled = true;
    wake();
  }
}

void Server::post(Timestamp now, Session& session, RequestId id, const HttpRequest& request) {
  if (session.post && session.post != id) {
    end(session, CloseReason::TransportError);
    respond(id, refusal(Refusal::BadRequest));
    return;
  }
  session.post.reset();
  by_request_.erase(id);
  auto packets = decode_payload(request.body);
  const bool octets = request.header("content-type") == "application/octet-stream";
  if (!packets || octets) {
    end(session, octets ? CloseReason::TransportError : CloseReason::ParseError);
    respond(id, refusal(Refusal::BadRequest));
    return;
  }
  const SessionId session_id = session.id;
  for (Packet& packet : *packets) {
    handle_packet(now, session, std::move(packet));
    if (!find(session_id)) break;
  }
  respond(id, {200, "text/html", "ok", {}});
}

// ---- The shell's side: WebSockets.

std::optional<HttpResponse> Server::refuse_upgrade(Timestamp now, const HttpRequest& request) {
  handle_timeout(now);
  return verify(request, true).refusal;
}

void Server::handle_websocket_open(Timestamp now, WebSocketId id, const HttpRequest& request) {
  handle_timeout(now);
  auto [refused, session] = verify(request, true);
  if (refused || (session && (session->websocket || session->candidate))) {
    push(Output(CloseWebSocket{id}));
    return;
  }
  if (session) {
    session->candidate = id;
    session->upgrade_deadline = now + options_.upgrade_timeout;
    by_websocket_.emplace(id, session->id);
    arm(*session);
    return;
  }
  Session& opened = open(now, request);
  opened.websocket = id;
  by_websocket_.emplace(id, opened.id);
  deliver(opened, text_frame(PacketType::Open, open_packet(opened.sid, false, options_)));
}

void Server::handle_websocket_message(Timestamp now, WebSocketId id, std::string data,
                                      bool binary) {
  handle_timeout(now);
  Session* session = find(id);
  if (!session) return;
  if (session->candidate == id) {
    handle_probe(*session, binary ? std::string_view() : std::string_view(data));
    return;
  }
  if (binary) {
    handle_packet(now, *session, {PacketType::Message, true, std::move(data)});
    return;
  }
  auto packet = decode_text(data);
  if (packet) {
    handle_packet(now, *session, std::move(*packet));
  } else {
    end(*session, CloseReason::ParseError);
  }
}

void Server::handle_websocket_closed(Timestamp now, WebSocketId id, WebSocketEnd how) {
  handle_timeout(now);
  Session* session = find(id);
  if (!session) return;
  by_websocket_.erase(id);
  if (session->candidate == id) {
    session->candidate.reset();
    session->probed = false;
    arm(*session);
    return;
  }
  session->websocket.reset();
  switch (how) {
    case WebSocketEnd::GoingAway: return end(*session, CloseReason::PageGone);
    case WebSocketEnd::Closed: return end(*session, CloseReason::ClientClose);
    case WebSocketEnd::TooSlow: return end(*session, CloseReason::SlowReader);
    case WebSocketEnd::BrokenFrames: return end(*session, CloseReason::ParseError);
  }
}

void Server::handle_probe(Session& session, std::string_view text) {
  if (text == "2probe") {
    session.probed = true;
    push(Output(SendFrame{*session.candidate, text_frame(PacketType::Pong, "probe")}));
    if (session.poll && session.queue.empty()) deliver(session, text_frame(PacketType::Noop));
  } else if (text == "5" && session.probed) {
    complete_upgrade(session);
  } else {
    abandon_probe(session);
  }
}

void Server::complete_upgrade(Session& session) {
  if (session.poll) {
    if (session.queue.empty()) session.queue.push_back(text_frame(PacketType::Noop));
    flush_poll(session);
  }
  session.websocket = session.candidate;
  session.candidate.reset();
  session.probed = false;
  for (Frame& frame : session.queue) push(Output(SendFrame{*session.websocket, std::move(frame)}));
  session.queue = {};
  session.queued_bytes = 0;
  arm(session);
  if (session.closing) end(session, CloseReason::ServerClose);
}

void Server::abandon_probe(Session& session) {
  push(Output(CloseWebSocket{*session.candidate}));
  by_websocket_.erase(*session.candidate);
  session.candidate.reset();
  session.probed = false;
  arm(session);
}

// ---- Packets and time.

void Server::handle_packet(Timestamp now, Session& session, Packet packet) {
  if (session.closing) return;
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

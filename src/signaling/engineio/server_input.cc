#include <string>
#include <string_view>
#include <utility>

#include "signaling/engineio/handshake.h"
#include "signaling/engineio/server.h"
#include "signaling/engineio/session.h"

// What comes to an Engine.IO server from its shell: requests and WebSockets.

namespace sfu::signaling::engineio {

// ---- Requests.

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

void Server::poll(Session& session, RequestId id) {
  if (session.poll) {
    end(session, CloseReason::TransportError);
    respond(id, refusal(Refusal::BadRequest));
    return;
  }
  session.poll = id;
  by_request_.emplace(id, session.id);
  if (session.closing && session.queue.empty()) {
    end(session, CloseReason::ServerClose);
  } else if (session.closing) {
    flush_poll(session);
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

// ---- WebSockets.

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
    case WebSocketEnd::TooMuch: return end(*session, CloseReason::TooMuch);
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

}  // namespace sfu::signaling::engineio

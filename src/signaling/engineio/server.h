#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/http.h"
#include "base/random.h"
#include "base/units.h"
#include "signaling/deadlines.h"
#include "signaling/engineio/packet.h"
#include "signaling/options.h"

namespace sfu::signaling::engineio {

using SessionId = StrongId<struct SessionIdTag, std::uint64_t>;
using RequestId = HttpRequestId;

/// What is kept of the request that opened a session.
struct OpenRequest {
  std::string query;
  HttpHeaders headers;  // origin, user-agent, authorization, x-forwarded-for, x-forwarded-proto
  Endpoint remote;
  IpAddress client;  // Where remote is a trusted proxy: for whom it asks.

  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
  std::optional<std::string> parameter(std::string_view name) const {
    return form_parameter(query, name);
  }
};

enum class CloseReason : std::uint8_t {
  ClientClose,     // a close packet, or the WebSocket closed in any way but 1001
  PageGone,        // the WebSocket closed with 1001
  ServerClose,     // close()
  TransportError,  // two polls at once, a ping from the client, …
  PingTimeout,
  ParseError,
  SlowReader,
  TooMuch,  // WebSocketEnd::TooMuch
};

// Events go up to the application.
struct Opened {
  SessionId session;
  OpenRequest request;
};
struct Message {
  SessionId session;
  bool binary = false;
  std::string data;
};
struct Closed {
  SessionId session;
  CloseReason reason = CloseReason::ServerClose;
};
using Event = std::variant<Opened, Message, Closed>;

// Outputs go down to the shell.
struct Respond {
  RequestId request;
  HttpResponse response;
};
struct SendFrame {
  WebSocketId websocket;
  Frame frame;
};
/// Close once all frames before this have been sent.
struct CloseWebSocket {
  WebSocketId websocket;
};
using Output = std::variant<Respond, SendFrame, CloseWebSocket>;

/// All Engine.IO 4 sessions of one path, as protocol code. After each handle_*() and each call of
/// the application: drain poll_event(), then poll_output(), and call handle_timeout() no later than
/// next_timeout().
class Server {
 public:
  Server(const Options& options, RandomSource& random);
  ~Server();

  /// Called when there is an event or output and none was waiting before.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

  // For the application.

  /// `frame` must be a message. Ignored where the session has ended.
  void send(SessionId id, const Frame& frame);
  /// Ends the session once what is queued has been sent.
  void close(SessionId id);
  /// Ends it now; what is queued is not sent.
  void drop(SessionId id);
  /// close() for all that poll. For an end of the server, whose shell closes the WebSockets.
  void close_polling();
  std::size_t session_count() const { return sessions_.size(); }
  std::optional<Event> poll_event();

  // For the shell.

  /// A POST whose headers have come and whose body has not: a second one at the same time is the
  /// client's error (its packets would have no order). To be followed by handle_request() or
  /// handle_request_gone().
  void handle_request_head(Timestamp now, RequestId id, const HttpRequest& head);
  /// A whole request; it is answered by one Respond, maybe much later.
  void handle_request(Timestamp now, RequestId id, const HttpRequest& request);
  /// The client went away before the answer.
  void handle_request_gone(Timestamp now, RequestId id);
  /// The refusal of a WebSocket upgrade, or nothing if it is welcome.
  std::optional<HttpResponse> refuse_upgrade(Timestamp now, const HttpRequest& request);
  void handle_websocket_open(Timestamp now, WebSocketId id, const HttpRequest& request);
  void handle_websocket_message(Timestamp now, WebSocketId id, std::string data, bool binary);
  void handle_websocket_closed(Timestamp now, WebSocketId id, WebSocketEnd end);
  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const { return deadlines_.next(); }
  std::optional<Output> poll_output();

 private:
  struct Session;

  struct Verdict {
    std::optional<HttpResponse> refusal;
    Session* session = nullptr;
  };
  Verdict verify(const HttpRequest& request, bool upgrade);
  Session* find(SessionId id);
  Session* find(WebSocketId id);
  Session& open(Timestamp now, const HttpRequest& request);
  void poll(Session& session, RequestId id);
  void post(Timestamp now, Session& session, RequestId id, const HttpRequest& request);
  void handle_packet(Timestamp now, Session& session, Packet packet);
  void handle_probe(Session& session, std::string_view text);
  void complete_upgrade(Session& session);
  void abandon_probe(Session& session);
  void heartbeat(Session& session);
  void deliver(Session& session, const Frame& frame);
  void flush_poll(Session& session);
  void end(Session& session, CloseReason reason);
  void report_closed(Session& session, CloseReason reason);
  void arm(Session& session);
  void respond(RequestId id, HttpResponse response);
  void push(Output output);
  void push(Event event);
  void wake();

  const Options options_;
  RandomSource& random_;
  std::function<void()> wake_;
  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::unordered_map<std::string_view, SessionId> by_sid_;  // Keys live in the sessions.
  std::unordered_map<WebSocketId, SessionId> by_websocket_;
  std::unordered_map<RequestId, SessionId> by_request_;
  Deadlines<SessionId> deadlines_;
  std::deque<Event> events_;
  std::deque<Output> outputs_;
  std::vector<SessionId>
      polls_to_flush_;  // Answered last, so that what came together leaves together.
  bool woken_ = false;
  std::uint64_t last_session_ = 0;
};

}  // namespace sfu::signaling::engineio

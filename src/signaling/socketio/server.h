#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/unfinished_bytes.h"
#include "base/units.h"
#include "signaling/deadlines.h"
#include "signaling/engineio/server.h"
#include "signaling/socketio/connection_id.h"
#include "signaling/socketio/packet.h"
#include "signaling/socketio/recovery.h"

namespace sfu::signaling::socketio {

/// The right to answer one event once: it is moved into Server::acknowledge().
class Ack {
 public:
  Ack(Ack&&) = default;
  Ack& operator=(Ack&&) = default;
  ConnectionId connection() const { return connection_; }
  /// The answer is to go to `connection`, which recovered the session that asked.
  void move_to(ConnectionId connection) { connection_ = connection; }

 private:
  friend class Server;
  Ack(ConnectionId connection, std::uint64_t id) : connection_(connection), id_(id) {}

  ConnectionId connection_;
  std::uint64_t id_;
};

/// What the client brought along; borrowed for the duration of the call.
struct Handshake {
  std::string_view nsp;                  // "/" or the name of another namespace
  const boost::json::value& auth;        // an object, empty where the client sent nothing
  const engineio::OpenRequest& request;  // query parameters, headers, the client's address
};

/// Becomes the client's connect_error: `err.message` and `err.data`.
struct ConnectRefusal {
  std::string message;
  boost::json::value data;
};

struct Event {
  std::string name;
  Arguments arguments;
  std::optional<Ack> ack;  // Present where the client waits for an acknowledgement.
  std::size_t bytes = 0;   // As it came.
};

enum class DisconnectReason : std::uint8_t {
  ClientDisconnect,  // The client sent a DISCONNECT packet.
  PageGone,          // Its WebSocket closed with 1001: the page goes away (RFC 6455 §7.4.1).
  ServerDisconnect,  // disconnect() or drop().
  TransportClose,    // The client closed its transport in another way, or the connection broke.
  TransportError,    // The client broke the rules of its transport.
  PingTimeout,
  ParseError,  // It sent what is no valid packet, or none for its state.
  SlowReader,  // More was waiting for it than Options::max_queued_bytes.
  TooMuch,     // It sent pings without end, let too much of a message wait for its end, or let a
               // packet wait too long for its attachments.
};

/// Whether the client meant to go. Every other end is one after which it may come back.
constexpr bool has_left(DisconnectReason reason) {
  return reason == DisconnectReason::ClientDisconnect || reason == DisconnectReason::PageGone;
}
std::string_view to_string(DisconnectReason reason);

/// What a namespace does. Calls of one connection come in the order of its packets: on_connect
/// first, on_disconnect last and once. They come from within the shell's handling of input, never
/// from within a call to the Server, so every Server function may be called from them.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Decides at once. What is emitted from here follows the acceptance; after a refusal the id is
  /// void and on_disconnect does not come.
  virtual Result<void, ConnectRefusal> on_connect(ConnectionId id, const Handshake& handshake) = 0;
  /// The client recovered the session of `previous`, which may have ended or may look alive still;
  /// in that case it is dropped. Comes between on_connect and the first event, when the events that
  /// were missed have been sent. What is emitted to `previous` from now on goes nowhere.
  virtual void on_recovered(ConnectionId, ConnectionId /*previous*/) {}
  virtual void on_event(ConnectionId id, Event event) = 0;
  /// An event whose JSON is nested deeper than kMaxJsonDepth; its arguments were not read. The name
  /// is absent where it could not be read either.
  virtual void on_too_deep(ConnectionId id, std::optional<std::string> event,
                           std::optional<Ack> ack) = 0;
  virtual void on_disconnect(ConnectionId id, DisconnectReason reason) = 0;
};

/// A Socket.IO 5 server as protocol code, above an engineio::Server: connects clients to
/// namespaces, carries events and acknowledgements with their attachments. Whoever owns both
/// forwards poll_event() of the one to handle_transport_event() of the other (signaling::Gateway
/// does). Functions that take a ConnectionId ignore one that has ended, unless its session may be
/// recovered yet.
class Server {
 public:
  /// CONNECTs of one session that are refused before it is closed.
  static constexpr std::size_t kMaxRefusedConnects = 100;
  /// From a packet's text to the last of its attachments.
  static constexpr TimeDelta kAttachmentsTimeout = std::chrono::seconds(30);

  /// `transport`, `random`, `unfinished` must outlive the server. Packets whose attachments have
  /// not all come count as `unfinished`, beside what others hold there.
  Server(const Options& options, engineio::Server& transport, RandomSource& random,
         UnfinishedBytes& unfinished);

  /// `name` is "/" or "/something"; `handler` must outlive the server.
  void add_namespace(std::string name, Handler& handler);

  /// One event with one argument, as most are.
  void emit(ConnectionId id, std::string_view event, const boost::json::value& payload);
  void emit_arguments(ConnectionId id, std::string_view event, const Arguments& arguments);
  /// An event that goes to many is written once: encode() it and emit it to each.
  static Encoded encode(std::string_view event, const boost::json::value& payload,
                        std::string_view nsp = "/");
  static Encoded encode_arguments(std::string_view event, const Arguments& arguments,
                                  std::string_view nsp = "/");
  void emit(ConnectionId id, const Encoded& event);
  /// What nobody misses once it is old: it has no offset, and is not kept for a recovery.
  void emit_volatile(ConnectionId id, const Encoded& event);

  /// Where the connection broke off, the answer is kept for its recovery, as events are.
  void acknowledge(Ack ack, const boost::json::value& payload);
  void acknowledge_arguments(Ack ack, const Arguments& arguments);

  /// To be called from on_connect: should the connection break off, `owner` may recover its session
  /// within Options::recovery_window, by Socket.IO's connection state recovery. What is emitted to
  /// it in between is kept within the bounds of the options. A client that left, or was
  /// disconnected or dropped from here, cannot come back so.
  void make_recoverable(ConnectionId id, std::string owner);

  /// Sends a DISCONNECT packet, after which the client does not reconnect by itself, and closes the
  /// transport once all that was emitted has been sent.
  void disconnect(ConnectionId id);
  /// Closes the transport without a word. Of a connection that has ended it forgets the session.
  void drop(ConnectionId id);

  bool is_connected(ConnectionId id) const;
  std::size_t connection_count() const { return connections_.size(); }

  // For the shell.
  void handle_transport_event(Timestamp now, engineio::Event event);
  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

 private:
  using SessionId = engineio::SessionId;

  struct Namespace {
    std::string name;
    Handler* handler;
  };
  struct Connection {
    SessionId session;
    const Namespace* nsp;
  };
  /// A client's transport, in any number of the namespaces that there are.
  struct Session {
    Session(std::size_t max_json_depth, std::size_t max_packet_bytes, UnfinishedBytes& unfinished)
        : decoder(max_json_depth, max_packet_bytes), incomplete(unfinished) {}

    engineio::OpenRequest request;
    Decoder decoder;
    UnfinishedBytes::Share incomplete;       // What the decoder holds.
    std::vector<ConnectionId> connections;   // At most one for each namespace.
    std::optional<DisconnectReason> ending;  // Why we close it; nothing more is sent or handled.
    bool never_connected = false;            // That is why.
    std::size_t refused_connects = 0;
  };

  void handle_message(Timestamp now, engineio::Message message);
  bool hold_incomplete(Timestamp now, SessionId id, Session& session);
  void handle_closed(Timestamp now, const engineio::Closed& closed);
  void handle_packet(Timestamp now, SessionId id, Session& session, Packet packet);
  void connect(SessionId id, Session& session, const Packet& packet);
  void refuse(SessionId id, Session& session, const Encoded& why);
  void welcome(SessionId id, ConnectionId connection, const Namespace& nsp,
               const boost::json::value& auth);
  void dispatch(ConnectionId id, const Namespace& nsp, Packet packet);
  void leave(Timestamp now, Session& session, ConnectionId id);
  void close(SessionId id, DisconnectReason reason);
  void bound_unconnected();
  void report(const Session& session, DisconnectReason reason) const;
  void send(SessionId id, const Encoded& encoded);
  const std::string* nsp_of(ConnectionId id) const;
  Connection* live(ConnectionId id);
  std::optional<ConnectionId> find(const Session& session, std::string_view nsp) const;

  const TimeDelta connect_timeout_;
  const std::size_t max_unconnected_;
  const std::size_t max_json_depth_;
  const std::size_t max_packet_bytes_;
  const RefusalListener on_refused_;
  engineio::Server& transport_;
  RandomSource& random_;
  UnfinishedBytes& unfinished_;
  std::map<std::string, Namespace, std::less<>> namespaces_;
  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::unordered_map<ConnectionId, Connection> connections_;
  Deadlines<SessionId> unconnected_;  // Sessions that are in no namespace.
  Deadlines<SessionId> incomplete_;   // Sessions of which attachments are missing.
  std::uint64_t last_connection_ = 0;
  std::optional<ConnectionId> connecting_;  // Whose on_connect runs,
  std::vector<Encoded> held_;               // what was emitted to it meanwhile,
  std::optional<std::string> owner_;        // and who may recover it.
  Recovery recovery_;
};

}  // namespace sfu::signaling::socketio

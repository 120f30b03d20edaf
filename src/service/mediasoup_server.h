#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/http.h"
#include "base/keyed_buckets.h"
#include "base/log.h"
#include "base/random.h"
#include "base/units.h"
#include "service/consumer_registry.h"
#include "service/event_limits.h"
#include "service/ice_servers.h"
#include "service/kept_answer.h"
#include "service/participant.h"
#include "service/peer_to_peer.h"
#include "service/pipes.h"
#include "service/placement.h"
#include "service/refusals.h"
#include "service/request.h"
#include "service/room.h"
#include "service/service_counters.h"
#include "service/token_expiry.h"
#include "service/transport_owners.h"
#include "service/turn_queue.h"
#include "service/worker.h"
#include "signaling/auth/jwt.h"
#include "signaling/deadlines.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

/// What the operator chooses, and the bounds of what clients can make the service hold.
struct Options {
  /// A token is good where any of these says so.
  std::vector<signaling::auth::TokenVerifier> token_verifiers;
  std::string admin_token;  // Opens the personal part of /stats; empty: loopback only.

  IceServers ice_servers;

  std::size_t max_connections = 20'000;
  std::size_t max_rooms = 10'000;
  std::size_t max_participants_per_room = 5'000;
  std::size_t max_peer_to_peer_rooms = 10'000;
  std::size_t max_peers_per_room = 250;
  /// As long as a Socket.IO session may be recovered.
  TimeDelta peers_remembered_for = std::chrono::hours(1);
  Rates rates;
  /// Addresses and users whose rates are known at a time, of each.
  std::size_t max_known_offenders = 65'536;
  /// A connection ends when its token does.
  bool disconnect_expired = false;
  /// What its events may be nested, for the text that refuses them; see signaling::Options.
  std::size_t max_json_depth = 32;
  /// Requests of one connection that wait for their turn.
  std::size_t max_queued_requests = 2'000;
  /// Their bytes; one waits however large it is.
  std::size_t max_queued_request_bytes = 4'000'000;
  /// A worker that has not answered for so long makes the server degraded.
  TimeDelta worker_patience = std::chrono::seconds(5);
  /// For how long a participant is kept whose connection broke off; 0: it leaves at once.
  TimeDelta reconnect_grace = std::chrono::seconds(30);
  /// The same for one that never had media: it may be a client that could not get any.
  TimeDelta unheard_grace = std::chrono::seconds(5);
  /// By how much of a core a room's worker has to be busier than another one before newcomers of
  /// the room go there.
  double placement_margin = 0.1;

  /// Clocks, for tests to replace.
  std::function<Timestamp()> clock;                         // Monotonic.
  std::function<signaling::auth::UnixSeconds()> unix_time;  // Seconds since 1970.
};

/// Owns the workers and the rooms, and is what clients talk to: it authenticates connections, runs
/// the requests of each in order, and tells clients what becomes of them. Everything in it belongs
/// to the service thread.
class MediasoupServer final : private signaling::socketio::Handler {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  /// Takes the namespace "/" of `signaling`. `ports`, one for each media worker, and the references
  /// outlive the server; `executor` runs on the service thread. What workers have to say is written
  /// to `media_log`.
  MediasoupServer(Options options, boost::asio::any_io_executor executor,
                  signaling::socketio::Server& signaling,
                  const std::vector<worker::WorkerPort*>& ports, Logger& log, Logger& media_log,
                  RandomSource& random);
  ~MediasoupServer();
  MediasoupServer(const MediasoupServer&) = delete;
  MediasoupServer& operator=(const MediasoupServer&) = delete;

  /// What came out of worker `index`'s FIFO, in its order.
  void handle_worker_event(std::size_t index, core::Event event);

  /// Ends the connections whose tokens have expired, where that is wanted; to be called each
  /// second.
  void disconnect_expired();
  /// The doors of HTTP and Socket.IO turned somebody away.
  void note_refusal(signaling::Refusal refusal, const IpAddress& client, std::string_view what);
  const RefusalCounts& refused() const { return refusals_.counts(); }
  /// Ends the stay of everybody whose grace is over. The server calls it by a timer of its own.
  void handle_timeout();

  /// From now on no room is opened, and nobody is let in who would need one. All hear
  /// `server-draining` with the time that is `left` for the meetings that run; who connects later
  /// hears what is left then. Calls `no_meetings` once there is none any more.
  void drain(TimeDelta left, std::function<void()> no_meetings);
  bool is_draining() const { return drain_deadline_.has_value(); }
  bool has_meetings() const;
  /// Whether a meeting of this name runs, of either kind.
  bool runs(const std::string& room_id) const;

  /// Looks whether the workers' loops turn; to be called about every WorkerWatch::kInterval. Logs
  /// each change once. True where all do, or have not for less than `patience`.
  bool check_workers(TimeDelta patience = WorkerWatch::kPatience);

  /// GET /health and GET /stats, for whoever owns the HTTP shell. Answers once.
  void handle_health(const HttpRequest& request, std::function<void(HttpResponse)> respond);
  void handle_stats(const HttpRequest& request, std::function<void(HttpResponse)> respond);

  /// GET /metrics, for Prometheus.
  void handle_metrics(const HttpRequest& request, std::function<void(HttpResponse)> respond);

  // For the handlers of requests.

  struct Place {
    Room& room;
    Participant& participant;
  };
  /// Where the connection's participant is, or the participant of this id; none where it is gone.
  std::optional<Place> find(ConnectionId id) const;
  std::optional<Place> find(ParticipantId id) const;
  Room* find_room(const std::string& id) const;
  const signaling::auth::Identity* identity(ConnectionId id) const;

  /// Runs `work` when it is the turn of the room with this id.
  asio::awaitable<void> in_turn(std::string room_id, asio::awaitable<void> work);

  /// An empty room on the freest worker, whose router has still to be made.
  Room& add_room(const std::string& id);
  /// The worker that the participant is on, or from now on will be: then the room's router may have
  /// still to be made there.
  Worker& place(Participant& participant, const Room& room);
  void remove_room_if_empty(Room& room);
  bool rooms_are_full() const { return rooms_.size() >= options_.max_rooms; }
  /// The connection is in no room.
  Participant& enter(ConnectionId id, Room& room);
  /// Ends the participant's stay, and the room where it was the last.
  void leave(Participant& participant, std::string_view why);
  /// The same for a room that somebody is about to enter.
  void end_stay(Participant& participant, std::string_view why);
  /// Ends the connection once it has read what was emitted to it, with all that it has asked for
  /// and that has not begun. For peers it is gone at once; the participant that there may be has
  /// vanished, or has left, if that was asked for.
  void disconnect(ConnectionId id);
  /// The same without a word to the client.
  void drop(ConnectionId id);
  /// Gives the participant, vanished or not, to a connection that is in no room.
  void move(Participant& participant, ConnectionId to);
  /// disconnect() or drop() came before the request's turn: it is not to begin any more.
  bool is_cut(ConnectionId id) const;
  /// The connection goes on with the Socket.IO session of an earlier one, and got this participant
  /// with it.
  bool has_recovered(ConnectionId id, ParticipantId participant) const;

  const Options& options() const { return options_; }
  RandomSource& random() { return random_; }
  Logger& log() { return log_; }
  ConsumerRegistry& consumers() { return consumers_; }
  Pipes& pipes() { return pipes_; }
  PeerToPeer& peer_to_peer() { return peer_to_peer_; }
  TransportOwners& transports() { return transports_; }

  // For statistics.

  const std::map<std::string, std::unique_ptr<Room>>& rooms() const { return rooms_; }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  std::size_t connection_count() const { return connections_.size(); }

 private:
  struct Connection {
    signaling::auth::Identity identity;
    EventBuckets buckets;
    RequestQueue queue = {};
    bool running = false;            // A coroutine works on the queue,
    Request* in_progress = nullptr;  // and on this request.
    bool ended = false;              // What had come is still carried out,
    bool cut = false;                // but no longer what has not begun.
    std::optional<ParticipantId> participant = {};
    std::optional<ParticipantId> recovered = {};  // Which came with an earlier one's session.
  };

  Result<void, signaling::socketio::ConnectRefusal> on_connect(
      ConnectionId id, const signaling::socketio::Handshake& handshake) override;
  void on_recovered(ConnectionId id, ConnectionId previous) override;
  void on_event(ConnectionId id, signaling::socketio::Event event) override;
  void on_too_deep(ConnectionId id, std::optional<std::string> event,
                   std::optional<signaling::socketio::Ack> ack) override;
  void on_disconnect(ConnectionId id, signaling::socketio::DisconnectReason reason) override;

  Result<signaling::auth::Identity, ErrorCode> admit(
      const signaling::socketio::Handshake& handshake);
  Result<signaling::auth::Identity, ErrorCode> verify(const json::value& auth) const;
  void enqueue(ConnectionId id, QueuedRequest request);
  void start_requests(ConnectionId id, Connection& connection);
  void close(ConnectionId id, Connection& connection);
  void cut(ConnectionId id);
  void vanish(Participant& participant, TimeDelta grace);
  TimeDelta grace_of(const Participant& participant) const;
  void arm_grace_timer();
  void on_heard(Participant& participant);
  asio::awaitable<void> run_requests(ConnectionId id);
  asio::awaitable<void> answer(Request& request);
  void forget_expiry(ConnectionId id);
  std::optional<Failure> rate_refusal(const Request& request);
  void charge_peer_bytes(const Request& request, std::uint64_t bytes);
  void settle(const Request& request);
  void on_layers_changed(const core::ConsumerLayersChanged& event);
  void on_transport_state(const core::TransportStateChanged& event);
  void on_diagnostic(std::size_t worker, const core::Diagnostic& diagnostic);
  void on_score(const core::ProducerScoreChanged& event);
  void on_score(const core::ConsumerScoreChanged& event);
  void on_audio_levels(std::size_t worker, core::AudioLevels event);
  Room* find_room(RouterId id) const;
  /// By index; none where a worker is stuck.
  asio::awaitable<std::vector<std::optional<core::WorkerStats>>> ask_workers();
  asio::awaitable<void> collect_metrics(std::function<void(HttpResponse)> respond);
  const json::object& memory(const HttpRequest& request);
  void tell_if_no_meetings();
  bool has_no_place_for(const signaling::socketio::Handshake& handshake) const;
  void tell_of_drain(ConnectionId id);
  asio::awaitable<void> collect_stats(bool is_admin, std::function<void(HttpResponse)> respond);
  bool is_admin(const HttpRequest& request) const;
  json::array stuck_workers() const;
  void add_whether_stuck(json::object& stats, const Worker& worker) const;
  void refresh_loads();

  const Options options_;
  const boost::asio::any_io_executor executor_;
  signaling::socketio::Server& signaling_;
  Logger& log_;
  Logger& media_log_;
  RandomSource& random_;
  const Timestamp started_at_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Placement placement_;
  Pipes pipes_;
  std::optional<Timestamp> loads_asked_at_;
  ConsumerRegistry consumers_;
  PeerToPeer peer_to_peer_;
  TransportOwners transports_;
  TurnQueue turns_;
  KeyedBuckets<IpAddress> connects_;
  KeyedBuckets<IpAddress> failed_logins_;
  KeyedBuckets<std::string> joins_;       // By user id.
  KeyedBuckets<std::string> peer_bytes_;  // The same.
  Refusals refusals_;
  TokenExpiry expiry_;
  ServiceCounters counters_;
  // For anybody; an administrator is always told anew.
  KeptAnswer<HttpResponse> stats_;
  KeptAnswer<HttpResponse> metrics_;
  KeptAnswer<json::object> memory_;
  std::optional<Timestamp> drain_deadline_;
  std::function<void()> no_meetings_;  // Where somebody waits for it.
  std::uint64_t last_participant_ = 0;
  std::map<std::string, std::unique_ptr<Room>> rooms_;
  std::unordered_map<RouterId, Room*> rooms_by_router_;
  std::unordered_map<ConnectionId, Connection> connections_;
  struct Whereabouts {
    Room* room;
    Participant* participant;
  };
  std::unordered_map<ParticipantId, Whereabouts> participants_;
  // Of those that have vanished.
  std::unordered_map<ConnectionId, ParticipantId> vanished_;
  signaling::Deadlines<ParticipantId> graces_;
  boost::asio::steady_timer grace_timer_;
  std::optional<Timestamp> grace_timer_at_;
};

}  // namespace sfu::service

#include "service/mediasoup_server.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include "base/check.h"

namespace sfu::service {
namespace {

/// Of the last answer on how busy a worker is, before it is asked again: what it measures is the
/// last second.
constexpr TimeDelta kLoadAge = std::chrono::seconds(1);

/// How often people whom nobody knows have figures collected for them, from the workers and over
/// all rooms.
constexpr Rate kFigures{20, 200};

Options with_clocks(Options options) {
  if (!options.clock)
    options.clock = [] {
      return Timestamp(std::chrono::duration_cast<TimeDelta>(
          std::chrono::steady_clock::now().time_since_epoch()));
    };
  if (!options.unix_time)
    options.unix_time = [] {
      return std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch());
    };
  return options;
}

}  // namespace

MediasoupServer::MediasoupServer(Options options, boost::asio::any_io_executor executor,
                                 signaling::socketio::Server& signaling,
                                 const std::vector<worker::WorkerPort*>& ports, Logger& log,
                                 Logger& media_log, RandomSource& random)
    : options_(with_clocks(std::move(options))),
      executor_(executor),
      signaling_(signaling),
      log_(log),
      media_log_(media_log),
      random_(random),
      started_at_(options_.clock()),
      placement_(ports.size(), options_.placement_margin),
      consumers_(random),
      peer_to_peer_({.rooms = options_.max_peer_to_peer_rooms,
                     .peers_per_room = options_.max_peers_per_room,
                     .remembered = options_.max_connections,
                     .remembered_for = options_.peers_remembered_for},
                    signaling),
      turns_(std::move(executor)),
      connects_(options_.rates.connections, options_.max_known_offenders),
      failed_logins_(options_.rates.failed_logins, options_.max_known_offenders),
      joins_(options_.rates.joins, options_.max_known_offenders),
      peer_bytes_(options_.rates.peer_bytes, options_.max_known_offenders),
      refusals_(log, started_at_),
      stats_(kFigures, started_at_),
      metrics_(kFigures, started_at_),
      memory_(kFigures, started_at_),
      grace_timer_(executor_) {
  SFU_CHECK(!ports.empty());
  for (std::size_t i = 0; i < ports.size(); ++i)
    workers_.push_back(std::make_unique<Worker>(i, *ports[i], options_.clock));
  signaling_.add_namespace("/", *this);
}

MediasoupServer::~MediasoupServer() = default;

// Connections. How they are let in: admission.cc; how they end: returning.cc.

// Requests: those of one connection run one at a time, in the order in which they came.

void MediasoupServer::on_event(ConnectionId id, signaling::socketio::Event event) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.ended) return;
  QueuedRequest request{std::move(event.name), {},         std::move(event.ack), {},
                        std::nullopt,          event.bytes};
  const RequestInfo* info = find_request(request.event);
  if (!found->second.buckets.take(event_class(request.event), options_.clock()))
    request.verdict = Failure{ErrorCode::RateLimited, "too many events"};
  else if (!event.arguments.attachments.empty() && !(info && info->takes_binary))
    request.verdict = Failure{ErrorCode::InvalidRequest, "the payload must not be binary"};
  else if (!event.arguments.values.empty())
    request.body = std::move(event.arguments.values.front());
  if (!request.verdict) request.attachments = std::move(event.arguments.attachments);
  enqueue(id, std::move(request));
}

void MediasoupServer::on_too_deep(ConnectionId id, std::optional<std::string> event,
                                  std::optional<signaling::socketio::Ack> ack) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.ended) return;
  const bool too_many = !found->second.buckets.take(EventClass::Light, options_.clock());
  const std::string levels = std::to_string(options_.max_json_depth);
  const Failure verdict = too_many ? Failure{ErrorCode::RateLimited, "too many events"}
                                   : Failure{ErrorCode::TooDeep, "at most " + levels + " levels"};
  const std::size_t bytes = event ? event->size() : 0;
  enqueue(id, QueuedRequest{event.value_or(""), {}, std::move(ack), {}, verdict, bytes});
}

void MediasoupServer::enqueue(ConnectionId id, QueuedRequest request) {
  Connection& connection = connections_.at(id);
  const bool is_too_much = !connection.queue.empty() && connection.queue.bytes() + request.bytes >
                                                            options_.max_queued_request_bytes;
  if (is_too_much || connection.queue.size() >= options_.max_queued_requests) {
    Request refused(signaling_, id, std::move(request));
    refused.fail(ErrorCode::RateLimited, "too many requests wait for their turn");
    settle(refused);
    return;
  }
  connection.queue.push(std::move(request));
  start_requests(id, connection);
}

void MediasoupServer::start_requests(ConnectionId id, Connection& connection) {
  if (std::exchange(connection.running, true)) return;
  boost::asio::co_spawn(executor_, run_requests(id), boost::asio::detached);
}

asio::awaitable<void> MediasoupServer::run_requests(ConnectionId id) {
  for (;;) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) co_return;
    Connection& connection = found->second;
    if (connection.queue.empty()) {
      connection.running = false;
      if (connection.ended) connections_.erase(found);
      co_return;
    }
    Request request(signaling_, id, connection.queue.pop());
    const Timestamp began = options_.clock();
    connection.in_progress = &request;
    co_await answer(request);
    id = request.connection();  // Another one, where its session was recovered meanwhile.
    if (const auto now_of = connections_.find(id); now_of != connections_.end())
      now_of->second.in_progress = nullptr;
    const Failure* failure = request.failure() ? &*request.failure() : nullptr;
    counters_.note_request(request.info(), options_.clock() - began, failure);
    settle(request);
    tell_if_no_meetings();
  }
}

asio::awaitable<void> MediasoupServer::answer(Request& request) {
  const auto place = find(request.connection());
  const RequestInfo* info = request.info();
  if (request.verdict()) {
    request.fail(request.verdict()->code, request.verdict()->detail);
  } else if (!info) {
    request.fail(ErrorCode::UnknownEvent);
  } else if (info->stage != Stage::Anytime && !place) {
    request.fail(ErrorCode::NotInRoom, "join a room first");
  } else if (info->stage == Stage::WithTransport && !place->participant.announced) {
    request.fail(ErrorCode::NoTransport, "create a transport first");
  } else if (auto refusal = rate_refusal(request)) {
    request.fail(refusal->code, std::move(refusal->detail));
  } else {
    const std::uint64_t sent_before = peer_to_peer_.bytes_sent();
    std::string fault = "the handler gave no answer";
    try {
      co_await info->handle(*this, request);
    } catch (const std::exception& error) {  // Of a library, or of memory: not of our own.
      fault = error.what();
    }
    if (info->reaches_peers) charge_peer_bytes(request, peer_to_peer_.bytes_sent() - sent_before);
    if (request.is_answered()) co_return;
    log_.error("request failed inside", {{"event", request.event()}, {"fault", fault}});
    request.fail(ErrorCode::InternalError);
  }
}

// Rooms and participants.

std::optional<MediasoupServer::Place> MediasoupServer::find(ParticipantId id) const {
  const auto found = participants_.find(id);
  if (found == participants_.end()) return std::nullopt;
  return Place{*found->second.room, *found->second.participant};
}

std::optional<MediasoupServer::Place> MediasoupServer::find(ConnectionId id) const {
  const auto found = connections_.find(id);
  if (found == connections_.end() || !found->second.participant) return std::nullopt;
  return find(*found->second.participant);
}

Room* MediasoupServer::find_room(const std::string& id) const {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.get();
}

const signaling::auth::Identity* MediasoupServer::identity(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() || found->second.ended ? nullptr : &found->second.identity;
}

asio::awaitable<void> MediasoupServer::in_turn(std::string room_id, asio::awaitable<void> work) {
  return turns_.run(std::move(room_id), std::move(work));
}

Room& MediasoupServer::add_room(const std::string& id) {
  refresh_loads();
  const std::size_t index = placement_.choose(options_.clock(), {});
  // Rooms that are opened together are spread.
  placement_.expect(options_.clock(), index, Placement::kShareOfPerson);
  auto room = std::make_unique<Room>(id, RouterId::random(random_), signaling_, consumers_, pipes_);
  room->add_worker(*workers_[index]);
  log_.info("room opened", {{"room", id}, {"worker", index}});
  rooms_by_router_.emplace(room->router(), room.get());
  return *rooms_.emplace(id, std::move(room)).first->second;
}

Worker& MediasoupServer::place(Participant& participant, const Room& room) {
  if (Worker* worker = participant.worker()) return *worker;
  refresh_loads();
  std::vector<std::size_t> present;
  for (const Worker* worker : room.workers()) present.push_back(worker->index());
  const Timestamp now = options_.clock();
  const bool is_first = room.totals().transports == 0;  // It was for them that the room chose.
  const std::size_t index = is_first ? present.front() : placement_.choose(now, present);
  const auto streams = static_cast<double>(room.totals().producers);
  placement_.expect(now, index, streams * Placement::kShareOfStream);
  placement_.enter(index);
  participant.place_on(*workers_[index]);
  return *workers_[index];
}

void MediasoupServer::remove_room_if_empty(Room& room) {
  if (room.size() != 0) return;
  for (Worker* worker : room.workers()) worker->send(core::CloseRouter{room.router()});
  log_.info("room closed", {{"room", room.id()}});
  rooms_by_router_.erase(room.router());
  rooms_.erase(std::string(room.id()));
  tell_if_no_meetings();
}

Participant& MediasoupServer::enter(ConnectionId id, Room& room) {
  Connection& connection = connections_.at(id);
  SFU_CHECK(!connection.participant);
  const ParticipantId participant_id{++last_participant_};
  Participant& participant =
      room.add(std::make_unique<Participant>(participant_id, id, connection.identity));
  connection.participant = participant_id;
  participants_.emplace(participant_id, Whereabouts{&room, &participant});
  log_.info("joined", {{"room", room.id()}, {"user", participant.user_id()}});
  return participant;
}

void MediasoupServer::leave(Participant& participant, std::string_view why) {
  const auto place = find(participant.id());
  SFU_CHECK(place);
  end_stay(participant, why);
  remove_room_if_empty(place->room);
}

void MediasoupServer::end_stay(Participant& participant, std::string_view why) {
  const auto place = find(participant.id());
  SFU_CHECK(place);
  log_.info("left", {{"room", place->room.id()}, {"user", participant.user_id()}, {"reason", why}});
  const auto connection = connections_.find(participant.connection());
  if (connection != connections_.end()) connection->second.participant.reset();
  graces_.clear(participant.id());
  if (vanished_.erase(participant.connection()) != 0) signaling_.drop(participant.connection());
  participants_.erase(participant.id());
  if (const Worker* worker = participant.worker()) placement_.leave(worker->index());
  for (const Direction direction : {Direction::Send, Direction::Recv})
    transports_.remove(participant, direction);
  place->room.remove(participant);
}

// Workers.

void MediasoupServer::handle_worker_event(std::size_t index, core::Event event) {
  if (auto* reply = std::get_if<core::Reply>(&event)) {
    const auto* stats = reply->result ? std::get_if<core::WorkerStats>(&*reply->result) : nullptr;
    if (stats) placement_.measure(index, stats->loop_load);
    workers_.at(index)->handle_reply(std::move(*reply));
  } else if (const auto* layers = std::get_if<core::ConsumerLayersChanged>(&event)) {
    on_layers_changed(*layers);
  } else if (const auto* sent = std::get_if<core::ProducerScoreChanged>(&event)) {
    on_score(*sent);
  } else if (const auto* received = std::get_if<core::ConsumerScoreChanged>(&event)) {
    on_score(*received);
  } else if (auto* levels = std::get_if<core::AudioLevels>(&event)) {
    on_audio_levels(index, std::move(*levels));
  } else if (const auto* diagnostic = std::get_if<core::Diagnostic>(&event)) {
    on_diagnostic(index, *diagnostic);
  } else if (const auto* state = std::get_if<core::TransportStateChanged>(&event)) {
    on_transport_state(*state);
  }
}

/// Asks each worker how busy it is. The answers count from the next decision on: who has just
/// joined makes a transport a moment later.
void MediasoupServer::refresh_loads() {
  const Timestamp now = options_.clock();
  if (workers_.size() == 1 || (loads_asked_at_ && now - *loads_asked_at_ < kLoadAge)) return;
  loads_asked_at_ = now;
  for (const auto& worker : workers_) {
    const bool is_stuck = worker->is_stuck(options_.worker_patience);
    placement_.set_stuck(worker->index(), is_stuck);
    if (!is_stuck) worker->send(core::GetWorkerStats{});
  }
}

void MediasoupServer::on_layers_changed(const core::ConsumerLayersChanged& event) {
  const auto viewer = consumers_.viewer_of(event.consumer);
  const auto place = viewer ? find(*viewer) : std::nullopt;
  if (!place) return;
  json::object payload{{"consumerId", event.consumer.to_string()},
                       {"spatialLayer", nullptr},
                       {"temporalLayer", nullptr}};
  if (event.layers) {
    payload["spatialLayer"] = event.layers->spatial_layer;
    payload["temporalLayer"] = event.layers->temporal_layer;
  }
  place->room.emit(place->participant, "consumer-layers-changed", payload);
}

}  // namespace sfu::service

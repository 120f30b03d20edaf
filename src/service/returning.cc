#include <algorithm>
#include <utility>

#include "base/check.h"
#include "service/mediasoup_server.h"

// How connections end, and how participants outlive them.

namespace sfu::service {

using signaling::socketio::DisconnectReason;

void MediasoupServer::on_disconnect(ConnectionId id, DisconnectReason reason) {
  log_.debug("disconnected", {{"connection", id.value}, {"reason", to_string(reason)}});
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.ended) return;
  const auto place = find(id);
  const bool left = has_left(reason) || options_.reconnect_grace <= TimeDelta(0);
  if (left) found->second.queue.clear();
  if (place && left) {
    leave(place->participant, to_string(reason));
  } else if (place) {
    log_.info("vanished", {{"room", place->room.id()},
                           {"user", place->participant.user_id()},
                           {"reason", to_string(reason)}});
    vanish(place->participant, grace_of(place->participant));
  }
  if (left)
    peer_to_peer_.leave(id);
  else
    peer_to_peer_.vanish(id, options_.clock());
  close(id, found->second);
  tell_if_no_meetings();
}

/// Nothing new is taken from the connection; it is gone when what it has asked for is done.
void MediasoupServer::close(ConnectionId id, Connection& connection) {
  forget_expiry(id);
  connection.ended = true;
  if (!connection.running) connections_.erase(id);
}

void MediasoupServer::disconnect(ConnectionId id) {
  peer_to_peer_.leave(id);
  cut(id);
  signaling_.disconnect(id);
}

void MediasoupServer::drop(ConnectionId id) {
  peer_to_peer_.leave(id);
  cut(id);
  signaling_.drop(id);
}

/// What has not begun is not done any more, but for a leaving.
void MediasoupServer::cut(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& queue = found->second.queue;
  const bool leaves = std::ranges::any_of(
      queue, [](const QueuedRequest& request) { return request.event == "leave-room"; });
  queue.clear();
  found->second.cut = true;
  const auto place = find(id);
  if (place && leaves)
    leave(place->participant, "leave-room");
  else if (place && !place->participant.has_vanished())
    vanish(place->participant, std::max(grace_of(place->participant), options_.unheard_grace));
  close(id, found->second);
}

void MediasoupServer::vanish(Participant& participant, TimeDelta grace) {
  const Timestamp now = options_.clock();
  participant.vanish(now);
  vanished_.emplace(participant.connection(), participant.id());
  graces_.set(participant.id(), now + grace);
  arm_grace_timer();
}

TimeDelta MediasoupServer::grace_of(const Participant& participant) const {
  return participant.has_been_heard() ? options_.reconnect_grace
                                      : std::min(options_.reconnect_grace, options_.unheard_grace);
}

void MediasoupServer::handle_timeout() {
  const Timestamp now = options_.clock();
  while (const auto due = graces_.pop_due(now)) leave(find(*due)->participant, "did not come back");
  arm_grace_timer();
}

void MediasoupServer::arm_grace_timer() {
  const auto next = graces_.next();
  if (!next || (grace_timer_at_ && *grace_timer_at_ <= *next)) return;
  grace_timer_at_ = next;
  grace_timer_.expires_after(std::max(*next - options_.clock(), TimeDelta(0)));
  grace_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    grace_timer_at_.reset();
    handle_timeout();
  });
}

void MediasoupServer::move(Participant& participant, ConnectionId to) {
  const ConnectionId from = participant.connection();
  graces_.clear(participant.id());
  vanished_.erase(from);
  if (const auto old = connections_.find(from); old != connections_.end())
    old->second.participant.reset();
  participant.move_to(to);
  Connection& connection = connections_.at(to);
  SFU_CHECK(!connection.participant);
  connection.participant = participant.id();
  log_.info("resumed",
            {{"room", find(participant.id())->room.id()}, {"user", participant.user_id()}});
}

/// What the earlier connection had asked for goes on here, so that nothing that arrived is lost:
/// the request that is being carried out, and after it those that wait.
void MediasoupServer::on_recovered(ConnectionId id, ConnectionId previous) {
  Connection& connection = connections_.at(id);
  peer_to_peer_.recover(previous, id, options_.clock());
  const auto old = connections_.find(previous);
  const auto vanished = vanished_.find(previous);
  auto participant = vanished == vanished_.end() ? std::nullopt : std::optional(vanished->second);
  if (old != connections_.end()) {
    if (!participant) participant = old->second.participant;
    connection.queue = std::exchange(old->second.queue, {});
    old->second.running = false;  // What runs works for the new one, what has not begun ends.
    connection.in_progress = std::exchange(old->second.in_progress, nullptr);
    connection.running = connection.in_progress != nullptr;
    if (connection.running) connection.in_progress->move_to(id);
  }
  connection.recovered = participant;
  if (participant) {
    Participant& moved = find(*participant)->participant;
    move(moved, id);
    moved.consumers().set_all_announced();  // By the session's missed events.
  }
  if (old != connections_.end()) close(previous, old->second);
  if (!connection.queue.empty()) start_requests(id, connection);
}

bool MediasoupServer::has_recovered(ConnectionId id, ParticipantId participant) const {
  const auto found = connections_.find(id);
  return found != connections_.end() && found->second.recovered == participant;
}

bool MediasoupServer::is_cut(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() || found->second.cut;
}

/// Its first authenticated packet: from now on it is one that had media.
void MediasoupServer::on_heard(Participant& participant) {
  if (!participant.has_vanished()) return;
  graces_.set(participant.id(), *participant.vanished_at() + grace_of(participant));
  arm_grace_timer();
}

}  // namespace sfu::service

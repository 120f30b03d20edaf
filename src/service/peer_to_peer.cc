#include "service/peer_to_peer.h"

#include <utility>

#include "base/check.h"

namespace sfu::service {

PeerToPeer::PeerToPeer(Bounds bounds, signaling::socketio::Server& signaling)
    : bounds_(bounds), emitter_(signaling) {}

std::optional<PeerToPeer::Place> PeerToPeer::find(ConnectionId connection) const {
  const auto found = whereabouts_.find(connection);
  if (found == whereabouts_.end()) return std::nullopt;
  const Peer* peer = found->second->find(connection);
  SFU_CHECK(peer);
  return Place{*found->second, *peer};
}

Result<void, Failure> PeerToPeer::enter(Peer peer, const std::string& room_id) {
  const ConnectionId connection = peer.connection;
  const auto current = find(connection);
  if (current && current->room.id() == room_id) {
    current->room.renew(peer.user_id, peer.media);
    return {};
  }
  const auto found = rooms_.find(room_id);
  PeerToPeerRoom* room = found == rooms_.end() ? nullptr : found->second.get();
  const Peer* same_person = room ? room->find(peer.user_id) : nullptr;
  const bool frees_a_room = current && current->room.size() == 1;
  if (!room && !frees_a_room && rooms_.size() >= bounds_.rooms)
    return fail(Failure{ErrorCode::LimitReached, "the server has as many rooms as it takes"});
  if (room && !same_person && room->size() >= bounds_.peers_per_room)
    return fail(Failure{ErrorCode::LimitReached, "the room has as many people as it takes"});

  leave(connection);
  if (same_person) {
    whereabouts_.erase(same_person->connection);
    room->leave(peer.user_id);
  }
  if (!room)
    room = rooms_.emplace(room_id, std::make_unique<PeerToPeerRoom>(room_id, emitter_))
               .first->second.get();
  room->enter(std::move(peer));
  whereabouts_.emplace(connection, room);
  return {};
}

void PeerToPeer::leave(ConnectionId connection) {
  const auto place = find(connection);
  if (!place) return;
  PeerToPeerRoom& room = place->room;
  whereabouts_.erase(connection);
  room.leave(place->peer.user_id);
  if (room.size() == 0) rooms_.erase(std::string(room.id()));
}

void PeerToPeer::vanish(ConnectionId connection, Timestamp now) {
  const auto place = find(connection);
  if (!place) return;
  const bool shared_screen = place->room.sharer() == &place->peer;
  vanished_.emplace(connection, Vanished{place->peer, place->room.id(), shared_screen});
  forgotten_at_.set(connection, now + bounds_.remembered_for);
  leave(connection);
  forget_vanished(now);
}

void PeerToPeer::recover(ConnectionId previous, ConnectionId connection, Timestamp now) {
  forget_vanished(now);
  if (const auto place = find(previous)) {
    PeerToPeerRoom& room = place->room;
    room.move(place->peer.user_id, connection);
    whereabouts_.erase(previous);
    whereabouts_.emplace(connection, &room);
    return;
  }
  auto entry = vanished_.extract(previous);
  if (entry.empty()) return;
  forgotten_at_.clear(previous);
  Vanished& was = entry.mapped();
  const auto found = rooms_.find(was.room_id);
  const std::string user_id = was.peer.user_id;
  // The same user may have come through a newer connection meanwhile.
  if (found != rooms_.end() && found->second->find(user_id)) return;
  was.peer.connection = connection;
  if (!enter(std::move(was.peer), was.room_id) || !was.shared_screen) return;
  PeerToPeerRoom& room = *rooms_.at(was.room_id);
  if (room.sharer()) return;
  room.start_sharing(user_id);
  room.connect_screen(user_id);
}

/// Those whose time is over, and of more than the bound those that vanished first.
void PeerToPeer::forget_vanished(Timestamp now) {
  while (const auto due = forgotten_at_.pop_due(now)) vanished_.erase(*due);
  while (vanished_.size() > bounds_.remembered)
    vanished_.erase(*forgotten_at_.pop_due(*forgotten_at_.next()));
}

}  // namespace sfu::service

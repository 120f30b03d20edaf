#include "service/peer_to_peer.h"

#include "base/check.h"

namespace sfu::service {

PeerToPeer::PeerToPeer(Bounds bounds, signaling::socketio::Server& signaling)
    : bounds_(bounds), signaling_(signaling) {}

std::optional<PeerToPeer::Place> PeerToPeer::find(ConnectionId connection) const {
  const auto found = whereabouts_.find(connection);
  if (found == whereabouts_.end()) return std::nullopt;
  const Peer* peer = found->second->find(connection);
  SFU_CHECK(peer);
  return Place{*found->second, *peer};
}

Result<void, Failure> PeerToPeer::enter(ConnectionId connection,
                                        const signaling::auth::Identity& who,
                                        const std::string& room_id, MediaState media) {
  const auto current = find(connection);
  if (current && current->room.id() == room_id) {
    current->room.renew(who.user_id, media);
    return {};
  }
  const auto found = rooms_.find(room_id);
  PeerToPeerRoom* room = found == rooms_.end() ? nullptr : found->second.get();
  const Peer* same_person = room ? room->find(who.user_id) : nullptr;
  const bool frees_a_room = current && current->room.size() == 1;
  if (!room && !frees_a_room && rooms_.size() >= bounds_.rooms)
    return fail(Failure{ErrorCode::LimitReached, "the server has as many rooms as it takes"});
  if (room && !same_person && room->size() >= bounds_.peers_per_room)
    return fail(Failure{ErrorCode::LimitReached, "the room has as many people as it takes"});

  leave(connection);
  if (same_person) {
    whereabouts_.erase(same_person->connection);
    room->leave(who.user_id);
  }
  if (!room)
    room = rooms_.emplace(room_id, std::make_unique<PeerToPeerRoom>(room_id, signaling_))
               .first->second.get();
  room->enter(Peer{connection, who.user_id, who.email, media});
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

}  // namespace sfu::service

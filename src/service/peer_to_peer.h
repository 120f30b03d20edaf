#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "service/error_codes.h"
#include "service/peer_to_peer_room.h"
#include "signaling/auth/jwt.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

/// The peer-to-peer rooms and who is in them. They have nothing to do with the media rooms, also
/// where one meeting has both: each knows people by their connections, and a connection is in at
/// most one of each kind.
class PeerToPeer {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  struct Bounds {
    std::size_t rooms;
    /// Everybody is told of everybody else, and sends to him: what it costs grows by the square.
    std::size_t peers_per_room;
  };

  /// `signaling` outlives this.
  PeerToPeer(Bounds bounds, signaling::socketio::Server& signaling);

  struct Place {
    PeerToPeerRoom& room;
    const Peer& peer;
  };
  std::optional<Place> find(ConnectionId connection) const;
  bool has_room(const std::string& id) const { return rooms_.contains(id); }

  /// The person comes into the room, from another one if that is where the connection was, and in
  /// the place of the same user's other connection, which is not told. Where that is not possible,
  /// nothing has changed.
  Result<void, Failure> enter(ConnectionId connection, const signaling::auth::Identity& who,
                              const std::string& room_id, MediaState media);
  /// Does nothing where the connection is in no room.
  void leave(ConnectionId connection);

  std::size_t room_count() const { return rooms_.size(); }
  std::size_t peer_count() const { return whereabouts_.size(); }

 private:
  const Bounds bounds_;
  signaling::socketio::Server& signaling_;
  std::map<std::string, std::unique_ptr<PeerToPeerRoom>> rooms_;  // By id; none is empty.
  std::unordered_map<ConnectionId, PeerToPeerRoom*> whereabouts_;
};

}  // namespace sfu::service

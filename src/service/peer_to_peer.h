#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/units.h"
#include "service/counted_emitter.h"
#include "service/error_codes.h"
#include "service/peer_to_peer_room.h"
#include "signaling/auth/jwt.h"
#include "signaling/deadlines.h"
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
    /// Those who have vanished: so many, for so long.
    std::size_t remembered;
    TimeDelta remembered_for;
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
  Result<void, Failure> enter(Peer peer, const std::string& room_id);
  /// Does nothing where the connection is in no room.
  void leave(ConnectionId connection);

  /// The connection broke off: for the others it has left. Should its Socket.IO session be
  /// recovered within Bounds::remembered_for, recover() takes it back to where it was.
  void vanish(ConnectionId connection, Timestamp now);
  /// `connection`, which is in no room, goes on with the session of `previous`: where that one
  /// looks alive still it takes its place unnoticed, and where it has vanished it comes into the
  /// room anew, with the screen that it shared. Does nothing where that is not possible any more.
  void recover(ConnectionId previous, ConnectionId connection, Timestamp now);

  /// What people in these rooms have been sent by now; see CountedEmitter.
  std::uint64_t bytes_sent() const { return emitter_.bytes(); }

  std::size_t room_count() const { return rooms_.size(); }
  std::size_t peer_count() const { return whereabouts_.size(); }
  std::size_t remembered_count() const { return vanished_.size(); }

 private:
  /// Where a connection was when it broke off.
  struct Vanished {
    Peer peer;
    std::string room_id;
    bool shared_screen;
  };

  void forget_vanished(Timestamp now);

  const Bounds bounds_;
  CountedEmitter emitter_;
  std::map<std::string, std::unique_ptr<PeerToPeerRoom>> rooms_;  // By id; none is empty.
  std::unordered_map<ConnectionId, PeerToPeerRoom*> whereabouts_;
  std::unordered_map<ConnectionId, Vanished> vanished_;
  signaling::Deadlines<ConnectionId> forgotten_at_;
};

}  // namespace sfu::service

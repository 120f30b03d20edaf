#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/counted_emitter.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

/// What a person lets the others see and hear.
struct MediaState {
  bool audio_enabled = true;
  bool video_enabled = true;
};

/// A person in a peer-to-peer room, through one connection.
struct Peer {
  signaling::socketio::ConnectionId connection;
  std::string user_id;
  std::string email;
  MediaState media;
};

/// Whether the first of two different people makes the offer: the one whose id comes first in the
/// order of JavaScript's texts, by UTF-16 code units. Both are UTF-8.
bool is_initiator(std::string_view user_id, std::string_view other);

/// People who send each other their media themselves: the server tells them of each other, of who
/// calls whom, and of who shares a screen. Every change is made at once and whole.
class PeerToPeerRoom {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  /// `emitter` outlives the room.
  PeerToPeerRoom(std::string id, CountedEmitter& emitter);

  const std::string& id() const { return id_; }
  std::size_t size() const { return peers_.size(); }
  const Peer* find(std::string_view user_id) const;
  const Peer* find(ConnectionId connection) const;
  /// Whose screen is shared; nullptr where none is.
  const Peer* sharer() const;

  // In the following `user_id` is in the room unless it says otherwise.

  /// Somebody who is not in the room comes in: all get `room-data`, the others `user-joined`, and
  /// each pair `initiate-connection`. A running screen share comes to the newcomer.
  void enter(Peer peer);
  /// The same connection says again that it is ready: all get `room-data`, and nobody calls anew.
  void renew(std::string_view user_id, MediaState media);
  /// The others hear `user-left`, and before it `screen-share-stopped` from who shared.
  void leave(std::string_view user_id);
  /// The user goes on through another connection, and nobody notices.
  void move(std::string_view user_id, ConnectionId to);

  /// Takes over from who shared before. Does nothing where it is already so.
  void start_sharing(std::string_view user_id);
  /// Does nothing where somebody else shares, or nobody.
  void stop_sharing(std::string_view user_id);
  /// The screen is there to be sent: the sharer calls each of the others. Where nobody has said
  /// that he shares, it is `user_id`.
  void connect_screen(std::string_view user_id);

  void set_media(std::string_view user_id, MediaState media);

  void emit_to_all(std::string_view event, const boost::json::value& payload) const;
  void emit_to_others(std::string_view user_id, std::string_view event,
                      const boost::json::value& payload) const;
  /// Hands `payload`, with the attachments that it names, to `to` as it is.
  void relay(const Peer& to, std::string_view event, boost::json::value payload,
             std::vector<std::string> attachments) const;

 private:
  void emit_room_data() const;
  void initiate(const Peer& peer, const Peer& other) const;
  void emit_screen_connection(const Peer& sharer, const Peer& viewer) const;
  Peer& at(std::string_view user_id);

  const std::string id_;
  CountedEmitter& emitter_;
  std::vector<Peer> peers_;  // In the order in which they came.
  std::string sharer_;       // A user id; empty where nobody shares.
};

}  // namespace sfu::service

#include "service/peer_to_peer_room.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "base/check.h"

namespace sfu::service {
namespace {

namespace json = boost::json;
using signaling::socketio::Server;

/// Where a byte of UTF-8 stands among others in the order of UTF-16. There U+10000 and above are
/// surrogates, D800 to DFFF, and so come before U+E000 to U+FFFF, whose first bytes are EE and EF.
constexpr int utf16_rank(char c) {
  const int byte = static_cast<unsigned char>(c);
  return byte == 0xee || byte == 0xef ? byte + 0x100 : byte;
}

json::object describe(const MediaState& media) {
  return {{"audioEnabled", media.audio_enabled}, {"videoEnabled", media.video_enabled}};
}

}  // namespace

bool is_initiator(std::string_view user_id, std::string_view other) {
  return std::lexicographical_compare(user_id.begin(), user_id.end(), other.begin(), other.end(),
                                      [](char a, char b) { return utf16_rank(a) < utf16_rank(b); });
}

PeerToPeerRoom::PeerToPeerRoom(std::string id, CountedEmitter& emitter)
    : id_(std::move(id)), emitter_(emitter) {}

const Peer* PeerToPeerRoom::find(std::string_view user_id) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const Peer& peer) { return peer.user_id == user_id; });
  return found == peers_.end() ? nullptr : &*found;
}

const Peer* PeerToPeerRoom::find(ConnectionId connection) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const Peer& peer) { return peer.connection == connection; });
  return found == peers_.end() ? nullptr : &*found;
}

const Peer* PeerToPeerRoom::sharer() const { return sharer_.empty() ? nullptr : find(sharer_); }

Peer& PeerToPeerRoom::at(std::string_view user_id) {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const Peer& peer) { return peer.user_id == user_id; });
  SFU_CHECK(found != peers_.end());
  return *found;
}

void PeerToPeerRoom::enter(Peer newcomer) {
  SFU_CHECK(!find(newcomer.user_id));
  peers_.push_back(std::move(newcomer));
  const Peer& peer = peers_.back();
  emit_room_data();
  emit_to_others(peer.user_id, "user-joined",
                 json::object{{"userId", peer.user_id}, {"userEmail", peer.email}});
  for (const Peer& other : peers_) {
    if (&other == &peer) continue;
    initiate(peer, other);
    initiate(other, peer);
  }
  const Peer* sharing = sharer();
  if (!sharing) return;
  emitter_.emit(peer.connection, "screen-share-started",
                json::object{{"userId", sharing->user_id}});
  emit_screen_connection(*sharing, peer);
}

void PeerToPeerRoom::renew(std::string_view user_id, MediaState media) {
  at(user_id).media = media;
  emit_room_data();
}

void PeerToPeerRoom::leave(std::string_view user_id) {
  const std::string leaver(user_id);  // The caller's may be the one that goes.
  stop_sharing(leaver);
  std::erase_if(peers_, [&](const Peer& peer) { return peer.user_id == leaver; });
  emit_to_all("user-left", json::string(leaver));
}

void PeerToPeerRoom::move(std::string_view user_id, ConnectionId to) {
  at(user_id).connection = to;
}

void PeerToPeerRoom::start_sharing(std::string_view user_id) {
  if (sharer_ == user_id) return;
  sharer_ = at(user_id).user_id;
  emit_to_others(user_id, "screen-share-started", json::object{{"userId", sharer_}});
}

void PeerToPeerRoom::stop_sharing(std::string_view user_id) {
  if (sharer_ != user_id) return;
  sharer_.clear();
  emit_to_others(user_id, "screen-share-stopped", json::object{{"userId", user_id}});
}

void PeerToPeerRoom::connect_screen(std::string_view user_id) {
  const Peer* sharing = sharer();
  const Peer& from = sharing ? *sharing : at(user_id);
  for (const Peer& viewer : peers_)
    if (&viewer != &from) emit_screen_connection(from, viewer);
}

void PeerToPeerRoom::set_media(std::string_view user_id, MediaState media) {
  Peer& peer = at(user_id);
  peer.media = media;
  json::object update = describe(media);
  update["userId"] = peer.user_id;
  emit_to_others(user_id, "media-state-update", update);
}

void PeerToPeerRoom::emit_to_all(std::string_view event, const json::value& payload) const {
  const auto encoded = Server::encode(event, payload);
  for (const Peer& peer : peers_) emitter_.emit(peer.connection, encoded);
}

void PeerToPeerRoom::emit_to_others(std::string_view user_id, std::string_view event,
                                    const json::value& payload) const {
  const auto encoded = Server::encode(event, payload);
  for (const Peer& peer : peers_)
    if (peer.user_id != user_id) emitter_.emit(peer.connection, encoded);
}

void PeerToPeerRoom::relay(const Peer& to, std::string_view event, json::value payload,
                           std::vector<std::string> attachments) const {
  signaling::socketio::Arguments arguments;
  arguments.values.push_back(std::move(payload));
  arguments.attachments = std::move(attachments);
  emitter_.emit(to.connection, Server::encode_arguments(event, arguments));
}

void PeerToPeerRoom::emit_room_data() const {
  json::array participants;
  json::object media, info;
  for (const Peer& peer : peers_) {
    participants.push_back(json::string(peer.user_id));
    media[peer.user_id] = describe(peer.media);
    info[peer.user_id] = json::object{{"email", peer.email}, {"userId", peer.user_id}};
  }
  emit_to_all("room-data", json::object{{"participants", std::move(participants)},
                                        {"mediaState", std::move(media)},
                                        {"participantInfo", std::move(info)}});
}

/// Tells `peer` which part it has towards `other`.
void PeerToPeerRoom::initiate(const Peer& peer, const Peer& other) const {
  emitter_.emit(peer.connection, "initiate-connection",
                json::object{{"targetUserId", other.user_id},
                             {"isInitiator", is_initiator(peer.user_id, other.user_id)}});
}

void PeerToPeerRoom::emit_screen_connection(const Peer& sharer, const Peer& viewer) const {
  emitter_.emit(sharer.connection, "initiate-screen-connection",
                json::object{{"targetUserId", viewer.user_id}, {"isInitiator", true}});
}

}  // namespace sfu::service

#include "service/peer_to_peer_requests.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "service/mediasoup_server.h"
#include "service/peer_to_peer.h"
#include "service/request.h"
#include "service/schemas.h"

namespace sfu::service {
namespace {

/// How a relayed event comes out, and what it cannot do without.
struct RelayInfo {
  std::string_view event;
  std::string_view relayed_as;
  std::string_view required;
};
constexpr std::array kRelays = {
    RelayInfo{"call-user", "call-user", "offer"},
    RelayInfo{"make-answer", "answer-made", "answer"},
    RelayInfo{"ice-candidate", "ice-candidate", "candidate"},
    RelayInfo{"screen-share-call", "screen-share-call", ""},
    RelayInfo{"screen-share-answer", "screen-share-answer", ""},
    RelayInfo{"screen-share-candidate", "screen-share-candidate", ""},
};

const RelayInfo& relay_info(std::string_view event) {
  for (const RelayInfo& info : kRelays)
    if (info.event == event) return info;
  SFU_CHECK(false);
  return kRelays.front();
}

using MaybePlace = std::optional<PeerToPeer::Place>;

/// Where the sender is, if that is the room that the request is about; otherwise the request has
/// failed.
MaybePlace find_place(MediasoupServer& server, Request& request, const std::string& room_id) {
  const auto place = server.peer_to_peer().find(request.connection());
  if (place && place->room.id() == room_id) return place;
  request.fail(ErrorCode::NotInRoom, "say ready in this room first");
  return std::nullopt;
}

/// The same for a request that is nothing but `{ roomId }`.
MaybePlace place_of_room_request(MediasoupServer& server, Request& request) {
  const auto room_id = parse_room_request(request.body());
  if (room_id) return find_place(server, request, *room_id);
  request.fail(room_id.error());
  return std::nullopt;
}

}  // namespace

asio::awaitable<void> enter_peer_to_peer_room(MediasoupServer& server, Request& request) {
  const auto ready = parse_ready(request.body());
  if (!ready) co_return request.fail(ready.error());
  const auto* who = server.identity(request.connection());
  if (!who) co_return request.fail(ErrorCode::Closed);
  if (server.is_draining() && !server.runs(ready->room_id))
    co_return request.fail(ErrorCode::ShuttingDown, "the server opens no new rooms any more");
  const bool is_in = server.peer_to_peer().find(request.connection()).has_value();
  auto entered = server.peer_to_peer().enter(
      Peer{request.connection(), who->user_id, who->email, ready->media}, ready->room_id);
  if (!entered) co_return request.fail(entered.error().code, std::move(entered.error().detail));
  if (!is_in)
    server.log().info("entered peer to peer", {{"room", ready->room_id}, {"user", who->user_id}});
  request.succeed();
}

asio::awaitable<void> leave_peer_to_peer_room(MediasoupServer& server, Request& request) {
  if (!place_of_room_request(server, request)) co_return;
  server.peer_to_peer().leave(request.connection());
  request.succeed();
}

asio::awaitable<void> relay_to_peer(MediasoupServer& server, Request& request) {
  const RelayInfo& info = relay_info(request.event());
  auto relay = parse_relay(request.body(), info.required);
  if (!relay) co_return request.fail(relay.error());
  const auto place = server.peer_to_peer().find(request.connection());
  if (!place) co_return request.fail(ErrorCode::NotInRoom, "say ready in a room first");
  const Peer* to = place->room.find(relay->to);
  if (!to) co_return request.fail(ErrorCode::NotInRoom, "to is nobody who is in the room");
  relay->payload["from"] = place->peer.user_id;
  place->room.relay(*to, info.relayed_as, std::move(relay->payload), request.take_attachments());
  request.succeed();
}

asio::awaitable<void> start_screen_share(MediasoupServer& server, Request& request) {
  const auto place = place_of_room_request(server, request);
  if (!place) co_return;
  place->room.start_sharing(place->peer.user_id);
  request.succeed();
}

asio::awaitable<void> stop_screen_share(MediasoupServer& server, Request& request) {
  const auto place = place_of_room_request(server, request);
  if (!place) co_return;
  place->room.stop_sharing(place->peer.user_id);
  request.succeed();
}

asio::awaitable<void> connect_screen_share(MediasoupServer& server, Request& request) {
  const auto place = place_of_room_request(server, request);
  if (!place) co_return;
  place->room.connect_screen(place->peer.user_id);
  request.succeed();
}

asio::awaitable<void> change_media_state(MediasoupServer& server, Request& request) {
  const auto change = parse_media_state_change(request.body());
  if (!change) co_return request.fail(change.error());
  const auto place = find_place(server, request, change->room_id);
  if (!place) co_return;
  place->room.set_media(place->peer.user_id, change->media);
  request.succeed();
}

asio::awaitable<void> send_chat_message(MediasoupServer& server, Request& request) {
  auto chat = parse_chat_message(request.body());
  if (!chat) co_return request.fail(chat.error());
  const auto place = find_place(server, request, chat->room_id);
  if (!place) co_return;
  json::object message{{"userId", place->peer.user_id},
                       {"userEmail", place->peer.email},
                       {"message", std::move(chat->message)},
                       {"type", std::move(chat->type)}};
  if (chat->has_timestamp) message["timestamp"] = std::move(chat->timestamp);
  place->room.emit_to_all("chat:message", message);
  request.succeed();
}

asio::awaitable<void> tell_typing(MediasoupServer& server, Request& request) {
  const auto place = place_of_room_request(server, request);
  if (!place) co_return;
  place->room.emit_to_others(
      place->peer.user_id, request.event(),
      json::object{{"userId", place->peer.user_id}, {"userEmail", place->peer.email}});
  request.succeed();
}

}  // namespace sfu::service

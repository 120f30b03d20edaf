#include <utility>

#include "ortc/json.h"
#include "ortc/router_capabilities.h"
#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/schemas.h"

// join-room, leave-room.

namespace sfu::service {
namespace {

void answer_join(Request& request, const JoinRoom& join) {
  json::object fields{{"rtpCapabilities", ortc::to_json(ortc::router_capabilities())}};
  if (join.resume) fields["resumed"] = false;
  request.succeed(std::move(fields));
}

/// The same person is in the room through another connection, which has to give way.
void replace(MediasoupServer& server, Room& room, Participant& old) {
  const auto connection = old.connection();
  room.emit(old, "participant-replaced",
            json::object{{"participantId", old.user_id()}, {"roomId", room.id()}});
  server.end_stay(old, "replaced");
  server.disconnect(connection);
}

asio::awaitable<void> join_in_turn(MediasoupServer& server, Request& request,
                                   const JoinRoom& join) {
  Room* room = server.find_room(join.room_id);
  if (!room) {
    if (server.rooms_are_full())
      co_return request.fail(ErrorCode::LimitReached, "the server has as many rooms as it takes");
    room = &server.add_room(join.room_id);  // Nobody else comes in before this turn ends.
    core::Command command = core::CreateRouter{room->router()};
    const auto made = co_await room->workers().front()->request(std::move(command));
    if (!made) {
      server.remove_room_if_empty(*room);
      co_return request.fail(code_of(made.error()));
    }
  }
  const auto* who = server.identity(request.connection());
  if (!who) {  // The connection ended meanwhile.
    server.remove_room_if_empty(*room);
    co_return request.fail(ErrorCode::Closed);
  }
  Participant* same_person = room->find(who->user_id);
  if (!same_person && room->size() >= server.options().max_participants_per_room)
    co_return request.fail(ErrorCode::LimitReached, "the room has as many people as it takes");

  if (const auto current = server.find(request.connection()))
    server.leave(current->participant, "joins another room");
  if (same_person) replace(server, *room, *same_person);
  server.enter(request.connection(), *room);
  answer_join(request, join);
}

}  // namespace

asio::awaitable<void> join_room(MediasoupServer& server, Request& request) {
  const auto join = parse_join_room(request.body());
  if (!join) co_return request.fail(join.error());
  const auto current = server.find(request.connection());
  if (current && current->room.id() == join->room_id) co_return answer_join(request, *join);
  co_await server.in_turn(join->room_id, join_in_turn(server, request, *join));
}

asio::awaitable<void> leave_room(MediasoupServer& server, Request& request) {
  const auto place = server.find(request.connection());
  const std::string room_id = place->room.id();
  server.leave(place->participant, "leave-room");
  request.succeed({{"roomId", room_id}});
  co_return;
}

}  // namespace sfu::service

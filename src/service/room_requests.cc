#include <utility>

#include "ortc/json.h"
#include "ortc/router_capabilities.h"
#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/resuming.h"
#include "service/schemas.h"

// join-room, leave-room.

namespace sfu::service {
namespace {

void answer_join(Request& request, bool was_to_resume) {
  json::object fields{{"rtpCapabilities", ortc::to_json(ortc::router_capabilities())}};
  if (was_to_resume) fields["resumed"] = false;
  request.succeed(std::move(fields));
}

void answer_resumed(Request& request, const JoinRoom& join, Room& room, Participant& participant) {
  participant.may_start_anew = !join.resume;
  json::object fields = describe_stay(room, participant);
  fields["rtpCapabilities"] = ortc::to_json(ortc::router_capabilities());
  request.succeed(std::move(fields));
  emit_missed_consumers(room, participant);
  if (room.levels().has_told_speaker())
    room.emit(participant, "active-speaker", room.describe_speaker());
}

/// The participant of the connection's user in the room, through whichever connection.
Participant* find_self(const MediasoupServer& server, const Request& request,
                       const std::string& room_id) {
  const Room* room = server.find_room(room_id);
  const auto* who = server.identity(request.connection());
  return room && who ? room->find(who->user_id) : nullptr;
}

/// Where the session was recovered it is not said: the stay came along, if this is the one.
bool wants_resume(const MediasoupServer& server, const Request& request, const JoinRoom& join) {
  const Participant* self = find_self(server, request, join.room_id);
  return join.resume || (self && server.has_recovered(request.connection(), self->id()));
}

/// Takes the person's old connection out of the way, and waits until what it had asked for and had
/// begun is done: otherwise that could still change what the answer tells. A worker answers in
/// order, so whatever it answers now comes after all that.
asio::awaitable<void> settle(MediasoupServer& server, const Request& request,
                             const std::string& room_id) {
  for (;;) {
    Participant* before = find_self(server, request, room_id);
    if (!before) co_return;
    const auto old = before->connection();
    if (old != request.connection()) server.drop(old);
    before = find_self(server, request, room_id);
    if (!before || !before->worker()) co_return;
    co_await before->worker()->request(core::GetWorkerStats{});
    const Participant* after = find_self(server, request, room_id);
    if (!after || after->connection() == old) co_return;
  }
}

/// The same person is in the room through another connection, which has to give way.
void replace(MediasoupServer& server, Room& room, Participant& old) {
  const auto connection = old.connection();
  if (old.has_vanished()) {
    server.end_stay(old, "joins anew");
    return server.drop(connection);
  }
  room.emit(old, "participant-replaced",
            json::object{{"participantId", old.user_id()}, {"roomId", room.id()}});
  server.end_stay(old, "replaced");
  server.disconnect(connection);
}

asio::awaitable<void> join_in_turn(MediasoupServer& server, Request& request,
                                   const JoinRoom& join) {
  if (!server.identity(request.connection())) co_return request.fail(ErrorCode::Closed);
  const bool resumes = wants_resume(server, request, join);
  if (resumes) co_await settle(server, request, join.room_id);
  Room* room = server.find_room(join.room_id);
  if (!room) {
    if (server.is_draining() && !server.runs(join.room_id))
      co_return request.fail(ErrorCode::ShuttingDown, "the server opens no new rooms any more");
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
  if (same_person && resumes) {
    server.move(*same_person, request.connection());
    co_return answer_resumed(request, join, *room, *same_person);
  }
  if (same_person) replace(server, *room, *same_person);
  server.enter(request.connection(), *room);
  answer_join(request, resumes);
}

}  // namespace

asio::awaitable<void> join_room(MediasoupServer& server, Request& request) {
  const auto join = parse_join_room(request.body());
  if (!join) co_return request.fail(join.error());
  const auto current = server.find(request.connection());
  if (current && current->room.id() == join->room_id) {
    if (!wants_resume(server, request, *join)) co_return answer_join(request, false);
    co_await settle(server, request, join->room_id);
    const auto place = server.find(request.connection());
    if (!place) co_return request.fail(ErrorCode::Closed);
    co_return answer_resumed(request, *join, place->room, place->participant);
  }
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

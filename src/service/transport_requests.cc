#include <utility>

#include "service/consumer_creation.h"
#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/schemas.h"

// create-webrtc-transport, connect-webrtc-transport, restart-ice.

namespace sfu::service {
namespace {

json::object candidate_to_json(const core::IceCandidate& candidate) {
  const bool is_tcp = candidate.protocol == IpProtocol::Tcp;
  json::object object{{"foundation", candidate.foundation},
                      {"priority", candidate.priority},
                      {"ip", candidate.address},
                      {"address", candidate.address},
                      {"protocol", is_tcp ? "tcp" : "udp"},
                      {"port", candidate.port},
                      {"type", "host"}};
  if (is_tcp) object["tcpType"] = "passive";
  return object;
}

json::object ice_parameters(const std::string& ufrag, const std::string& password) {
  return {{"usernameFragment", ufrag}, {"password", password}, {"iceLite", true}};
}

json::object transport_to_json(TransportId id, Direction direction,
                               const core::TransportCreated& created, json::array ice_servers) {
  json::array candidates, fingerprints;
  for (const auto& candidate : created.candidates)
    candidates.push_back(candidate_to_json(candidate));
  for (const auto& [algorithm, value] : created.fingerprints)
    fingerprints.push_back(json::object{{"algorithm", algorithm}, {"value", value}});
  return {
      {"id", id.to_string()},
      {"iceParameters", ice_parameters(created.ice_username_fragment, created.ice_password)},
      {"iceCandidates", std::move(candidates)},
      {"dtlsParameters", json::object{{"role", "auto"}, {"fingerprints", std::move(fingerprints)}}},
      // No data channels: null is what mediasoup-client takes as their absence.
      {"sctpParameters", nullptr},
      {"iceServers", std::move(ice_servers)},
      {"direction", to_string(direction)}};
}

/// Makes the room's router on one more worker. The room may be gone afterwards: then so is that.
asio::awaitable<Worker::Outcome> extend(MediasoupServer& server, Room& room, Worker& worker) {
  const std::string id = room.id();
  room.add_worker(worker);
  core::Command command = core::CreateRouter{room.router()};
  auto outcome = co_await worker.request(std::move(command));
  Room* still_there = server.find_room(id);
  if (!outcome && still_there) still_there->remove_worker(worker);
  co_return outcome;
}

asio::awaitable<void> create_in_turn(MediasoupServer& server, Request& request, ParticipantId who,
                                     Direction direction) {
  const auto before = server.find(who);
  if (!before || server.is_cut(request.connection())) co_return request.fail(ErrorCode::Closed);
  const RouterId router = before->room.router();
  Worker& worker = server.place(before->participant, before->room);
  if (!before->room.is_on(worker)) {
    const auto extended = co_await extend(server, before->room, worker);
    if (!extended) co_return request.fail(code_of(extended.error()));
    if (!server.find(who)) co_return request.fail(ErrorCode::Closed);
  }
  const TransportId id = TransportId::random(server.random());
  core::Command command = core::CreateTransport{router, id};
  const auto outcome = co_await worker.request(std::move(command));
  const auto* created = outcome ? std::get_if<core::TransportCreated>(&*outcome) : nullptr;
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  const auto place = server.find(who);
  if (!place || !created) {
    worker.send(core::CloseTransport{id});
    co_return request.fail(created ? ErrorCode::Closed : ErrorCode::InternalError);
  }
  server.transports().remove(place->participant, direction);
  place->room.place_transport(place->participant, direction, id);
  server.transports().add(id, {who, direction});
  place->room.announce(place->participant);
  server.log().info("transport created", {{"room", place->room.id()},
                                          {"user", place->participant.user_id()},
                                          {"direction", to_string(direction)},
                                          {"worker", worker.index()},
                                          {"transport", id.to_string()}});
  const auto& options = server.options();
  request.succeed(transport_to_json(
      id, direction, *created,
      options.ice_servers.for_user(place->participant.user_id(), options.unix_time())));
  if (direction == Direction::Recv) co_await make_consumers_for_viewer(server, who);
}

}  // namespace

asio::awaitable<void> create_transport(MediasoupServer& server, Request& request) {
  const auto body = parse_create_transport(request.body());
  if (!body) co_return request.fail(body.error());
  const auto place = server.find(request.connection());
  if (place->room.id() != body->room_id)
    co_return request.fail(ErrorCode::NotInRoom, "roomId names another room than the one joined");
  co_await server.in_turn(
      place->room.id(), create_in_turn(server, request, place->participant.id(), body->direction));
}

asio::awaitable<void> connect_transport(MediasoupServer& server, Request& request) {
  auto body = parse_connect_transport(request.body());
  if (!body) co_return request.fail(body.error());
  const auto place = server.find(request.connection());
  const auto& transport = place->participant.transport(body->direction);
  if (!transport)
    co_return request.fail(ErrorCode::NoTransport, "there is no transport of this direction");
  if (transport->connected) co_return request.fail(ErrorCode::AlreadyConnected);
  const ParticipantId who = place->participant.id();
  const TransportId id = transport->id;
  core::Command command = core::ConnectTransport{id, body->role, std::move(body->fingerprints)};
  const auto outcome = co_await place->participant.worker()->request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  const auto after = server.find(who);
  if (!after) co_return request.fail(ErrorCode::Closed);
  auto& connected = after->participant.transport(body->direction);
  if (!connected || connected->id != id) co_return request.fail(ErrorCode::Closed);
  connected->connected = true;
  request.succeed({{"direction", to_string(body->direction)}});
}

asio::awaitable<void> restart_ice(MediasoupServer& server, Request& request) {
  const auto direction = parse_direction_request(request.body());
  if (!direction) co_return request.fail(direction.error());
  const auto place = server.find(request.connection());
  const auto& transport = place->participant.transport(*direction);
  if (!transport)
    co_return request.fail(ErrorCode::NoTransport, "there is no transport of this direction");
  const ParticipantId who = place->participant.id();
  const TransportId id = transport->id;
  core::Command command = core::RestartIce{id};
  const auto outcome = co_await place->participant.worker()->request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  const auto after = server.find(who);
  const auto* restarted = std::get_if<core::IceRestarted>(&*outcome);
  if (!after || !restarted) co_return request.fail(ErrorCode::Closed);
  const auto& still_there = after->participant.transport(*direction);
  if (!still_there || still_there->id != id) co_return request.fail(ErrorCode::Closed);
  server.log().debug("ICE restarts", {{"room", after->room.id()},
                                      {"user", after->participant.user_id()},
                                      {"direction", to_string(*direction)},
                                      {"transport", id.to_string()}});
  request.succeed({{"direction", to_string(*direction)},
                   {"iceParameters",
                    ice_parameters(restarted->ice_username_fragment, restarted->ice_password)}});
}

}  // namespace sfu::service

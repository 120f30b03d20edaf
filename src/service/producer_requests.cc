#include <utility>

#include "base/check.h"
#include "media/received_packet.h"
#include "ortc/json.h"
#include "ortc/router_capabilities.h"
#include "service/consumer_creation.h"
#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/schemas.h"

// create-producer, pause-producer, resume-producer, close-producer.

namespace sfu::service {
namespace {

// What was read from a client's parameters is not refused by the worker for its number.
static_assert(ortc::kMaxEncodings <= media::kMaxStreams);

/// One name for all producers of a transport: what has the same one is played in sync (RFC 7022).
std::string cname_for(const Transport& transport, const ortc::RtpParameters& parameters,
                      RandomSource& random) {
  if (!transport.cname.empty()) return transport.cname;
  if (!parameters.rtcp.cname.empty()) return parameters.rtcp.cname;
  return Uuid::random(random).to_string().substr(0, 8);
}

ErrorCode code_of_parameters(const ortc::ParametersError& error) {
  return error.kind == ortc::ParametersError::Kind::Unsupported ? ErrorCode::Unsupported
                                                                : ErrorCode::InvalidRequest;
}

/// What the new producer is made from, or why it cannot be. A producer of the same type is not in
/// the way, as it is about to be replaced.
Result<Producer, Failure> prepare(MediasoupServer& server, const Participant& participant,
                                  CreateProducer body) {
  const auto& transport = participant.transport(Direction::Send);
  if (!transport) return fail(Failure{ErrorCode::NoTransport, "there is no send transport"});
  const std::string cname = cname_for(*transport, body.parameters, server.random());
  auto parameters = ortc::complete_producer_parameters(body.kind, std::move(body.parameters),
                                                       ortc::router_capabilities(), cname);
  if (!parameters)
    return fail(Failure{code_of_parameters(parameters.error()), parameters.error().detail});
  if (participant.producers().conflict(body.type, parameters->own).with_another)
    return fail(
        Failure{ErrorCode::SsrcTaken, "another producer of yours has this mid, rid or ssrc"});
  return Producer{.id = ProducerId::random(server.random()),
                  .kind = body.kind,
                  .type = body.type,
                  .app_data = std::move(body.app_data),
                  .paused = false,
                  .parameters = std::move(*parameters)};
}

asio::awaitable<void> create_in_turn(MediasoupServer& server, Request& request, ParticipantId who,
                                     CreateProducer body) {
  const auto before = server.find(who);
  if (!before || server.is_cut(request.connection())) co_return request.fail(ErrorCode::Closed);
  auto prepared = prepare(server, before->participant, std::move(body));
  if (!prepared) co_return request.fail(prepared.error().code, prepared.error().detail);
  Producer& producer = *prepared;
  const TransportId transport = before->participant.transport(Direction::Send)->id;
  Worker& worker = *before->participant.worker();
  // The worker cannot hold two producers of one stream: then the old one has to go first.
  const auto& own = producer.parameters.own;
  if (before->participant.producers().conflict(producer.type, own).with_same_type)
    before->room.close_producer(before->participant, producer.type);
  core::Command command = core::CreateProducer{
      transport, producer.id, producer.kind, own, producer.parameters.mapping, producer.paused};
  const auto outcome = co_await worker.request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));

  const auto place = server.find(who);
  const bool is_there = place && place->participant.transport(Direction::Send) &&
                        place->participant.transport(Direction::Send)->id == transport;
  if (!is_there) {
    worker.send(core::CloseProducer{producer.id});
    co_return request.fail(ErrorCode::Closed);
  }
  place->room.close_producer(place->participant, producer.type);
  place->participant.transport(Direction::Send)->cname = own.rtcp.cname;
  const Producer& added = place->participant.producers().add(std::move(producer));
  const ProducerId id = added.id;
  server.log().info("producer created", {{"room", place->room.id()},
                                         {"user", place->participant.user_id()},
                                         {"type", to_string(added.type)},
                                         {"codec", added.parameters.consumable.codecs[0].mime_type},
                                         {"producer", id.to_string()}});
  request.succeed({{"producerId", id.to_string()},
                   {"kind", ortc::to_string(added.kind)},
                   {"appData", added.app_data}});
  co_await make_consumers_of_producer(server, who, id);
}

asio::awaitable<void> set_paused(MediasoupServer& server, Request& request, bool paused) {
  const auto type = parse_media_type_request(request.body());
  if (!type) co_return request.fail(type.error());
  const auto place = server.find(request.connection());
  const Producer* producer = place->participant.producers().find(*type);
  if (!producer) co_return request.fail(ErrorCode::NotFound, "there is no producer of this kind");
  if (producer->paused == paused) co_return request.succeed();
  const ParticipantId who = place->participant.id();
  const ProducerId id = producer->id;
  core::Command command = core::ResumeProducer{id};
  if (paused) command = core::PauseProducer{id};
  const auto outcome = co_await place->participant.worker()->request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  const auto after = server.find(who);
  if (!after || !after->participant.producers().find(id)) co_return request.fail(ErrorCode::Closed);
  after->room.set_producer_paused(after->participant, *type, paused);
  request.succeed();
}

}  // namespace

asio::awaitable<void> create_producer(MediasoupServer& server, Request& request) {
  auto body = parse_create_producer(request.body());
  if (!body) co_return request.fail(body.error());
  const auto place = server.find(request.connection());
  co_await server.in_turn(
      place->room.id(), create_in_turn(server, request, place->participant.id(), std::move(*body)));
}

asio::awaitable<void> pause_producer(MediasoupServer& server, Request& request) {
  return set_paused(server, request, true);
}

asio::awaitable<void> resume_producer(MediasoupServer& server, Request& request) {
  return set_paused(server, request, false);
}

asio::awaitable<void> close_producer(MediasoupServer& server, Request& request) {
  const auto type = parse_media_type_request(request.body());
  if (!type) co_return request.fail(type.error());
  const auto place = server.find(request.connection());
  place->room.close_producer(place->participant, *type);
  request.succeed();
}

/// No transport has data channels: `sctpParameters` says so when it is created.
asio::awaitable<void> produce_data(MediasoupServer&, Request& request) {
  request.fail(ErrorCode::Unsupported, "this server has no data channels");
  co_return;
}

}  // namespace sfu::service

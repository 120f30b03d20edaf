#include <utility>
#include <variant>
#include <vector>

#include "ortc/json.h"
#include "service/consumer_creation.h"
#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/schemas.h"

// set-rtp-capabilities, pause-consumer, resume-consumer, resume-all-consumers,
// set-preferred-layers.

namespace sfu::service {
namespace {

constexpr const char* kNoSuchConsumer = "there is no such consumer";

asio::awaitable<void> set_capabilities_in_turn(MediasoupServer& server, Request& request,
                                               ParticipantId who,
                                               ortc::RtpCapabilities capabilities) {
  const auto place = server.find(who);
  if (!place || server.is_cut(request.connection())) co_return request.fail(ErrorCode::Closed);
  place->participant.capabilities = std::move(capabilities);
  co_await make_consumers_for_viewer(server, who);
  if (!server.find(who)) co_return request.fail(ErrorCode::Closed);
  request.succeed();
}

json::object describe(const Consumer& consumer) {
  return {{"consumerId", consumer.id.to_string()},
          {"participantId", consumer.owner},
          {"kind", ortc::to_string(consumer.kind)}};
}

Consumer* find_consumer(MediasoupServer& server, ParticipantId who, ConsumerId id) {
  const auto place = server.find(who);
  return place ? place->participant.consumers().find(id) : nullptr;
}

asio::awaitable<void> set_paused(MediasoupServer& server, Request& request, bool paused) {
  const auto id = parse_consumer_request(request.body());
  if (!id) co_return request.fail(id.error());
  const auto place = server.find(request.connection());
  const ParticipantId who = place->participant.id();
  const Consumer* before = *id ? place->participant.consumers().find(**id) : nullptr;
  if (!before) co_return request.fail(ErrorCode::NotFound, kNoSuchConsumer);
  if (before->paused == paused) co_return request.succeed(describe(*before));
  core::Command command = core::ResumeConsumer{**id};
  if (paused) command = core::PauseConsumer{**id};
  const auto outcome = co_await place->participant.worker()->request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  Consumer* consumer = find_consumer(server, who, **id);
  if (!consumer) co_return request.fail(ErrorCode::Closed);
  consumer->paused = paused;
  request.succeed(describe(*consumer));
}

struct Resuming {
  ConsumerId consumer;
  core::RequestId request;
};

}  // namespace

asio::awaitable<void> set_rtp_capabilities(MediasoupServer& server, Request& request) {
  auto capabilities = parse_set_rtp_capabilities(request.body());
  if (!capabilities) co_return request.fail(capabilities.error());
  const auto place = server.find(request.connection());
  co_await server.in_turn(
      place->room.id(),
      set_capabilities_in_turn(server, request, place->participant.id(), std::move(*capabilities)));
}

asio::awaitable<void> pause_consumer(MediasoupServer& server, Request& request) {
  return set_paused(server, request, true);
}

asio::awaitable<void> resume_consumer(MediasoupServer& server, Request& request) {
  return set_paused(server, request, false);
}

asio::awaitable<void> resume_all_consumers(MediasoupServer& server, Request& request) {
  const auto place = server.find(request.connection());
  const ParticipantId who = place->participant.id();
  Worker& worker = *place->participant.worker();
  std::vector<Resuming> under_way;
  place->participant.consumers().for_each([&](const Consumer& consumer) {
    if (consumer.paused)
      under_way.push_back({consumer.id, worker.start(core::ResumeConsumer{consumer.id})});
  });
  json::array resumed;
  std::optional<core::CommandError> refusal;
  for (const Resuming& resuming : under_way) {
    const auto outcome = co_await worker.finish(resuming.request);
    Consumer* consumer = find_consumer(server, who, resuming.consumer);
    if (!consumer) continue;  // Closed meanwhile: it needs no resuming.
    if (!outcome) {
      refusal = outcome.error();
      continue;
    }
    consumer->paused = false;
    resumed.emplace_back(consumer->id.to_string());
    if (!request.wants_acknowledgement()) {
      const auto viewer = server.find(who);
      viewer->room.emit(viewer->participant, "consumer-resumed", describe(*consumer));
    }
  }
  if (!server.find(who)) co_return request.fail(ErrorCode::Closed);
  if (refusal && resumed.empty()) co_return request.fail(code_of(*refusal));
  request.succeed({{"consumerIds", std::move(resumed)}});
}

asio::awaitable<void> set_preferred_layers(MediasoupServer& server, Request& request) {
  const auto body = parse_set_preferred_layers(request.body());
  if (!body) co_return request.fail(body.error());
  const auto place = server.find(request.connection());
  const ParticipantId who = place->participant.id();
  if (!body->consumer || !place->participant.consumers().find(*body->consumer))
    co_return request.fail(ErrorCode::NotFound, kNoSuchConsumer);
  core::Command command =
      core::SetPreferredLayers{*body->consumer, body->spatial_layer, body->temporal_layer};
  const auto outcome = co_await place->participant.worker()->request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  if (!find_consumer(server, who, *body->consumer)) co_return request.fail(ErrorCode::Closed);
  const auto* layers = std::get_if<core::PreferredLayers>(&*outcome);
  if (!layers) co_return request.fail(ErrorCode::InternalError);
  request.succeed({{"consumerId", body->consumer->to_string()},
                   {"spatialLayer", layers->spatial_layer},
                   {"temporalLayer", layers->temporal_layer}});
}

}  // namespace sfu::service

#include "service/consumer_creation.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "ortc/consumer_parameters.h"
#include "ortc/json.h"
#include "service/mediasoup_server.h"

namespace sfu::service {
namespace {

/// How many creations are under way at a time, so that one big room does not fill a mailbox.
constexpr std::size_t kBatch = 64;

struct Pair {
  ParticipantId viewer;
  ParticipantId owner;
  ProducerId producer;
};

/// A consumer that the worker has been asked for.
struct Begun {
  Pair pair;
  Worker* worker;
  core::RequestId request;
  TransportId transport;
  Consumer consumer;
  ortc::RtpParameters parameters;
};

core::ConsumerType type_of(ortc::ProducerType type) {
  switch (type) {
    case ortc::ProducerType::Simple: return core::ConsumerType::Simple;
    case ortc::ProducerType::Simulcast: return core::ConsumerType::Simulcast;
    case ortc::ProducerType::Svc: return core::ConsumerType::Svc;
  }
  return core::ConsumerType::Simple;
}

/// Reserves the pair and asks the worker; nothing where there is nothing to be made.
std::optional<Begun> begin(MediasoupServer& server, const Pair& pair) {
  const auto viewing = server.find(pair.viewer);
  const auto sending = server.find(pair.owner);
  if (!viewing || !sending) return std::nullopt;
  auto& transport = viewing->participant.transport(Direction::Recv);
  const auto& capabilities = viewing->participant.capabilities;
  const Producer* producer = sending->participant.producers().find(pair.producer);
  if (!transport || !capabilities || !producer) return std::nullopt;
  const ortc::RtpParameters& consumable = producer->parameters.consumable;
  if (!ortc::can_consume(consumable, *capabilities)) return std::nullopt;
  if (!viewing->participant.consumers().reserve(producer->id)) return std::nullopt;

  Consumer consumer{.id = ConsumerId::random(server.random()),
                    .producer = producer->id,
                    .owner = sending->participant.user_id(),
                    .kind = producer->kind,
                    .type = producer->type,
                    .paused = true,
                    .ssrc = server.consumers().take_ssrc(),
                    .rtx_ssrc = std::nullopt,
                    .mid = std::to_string(transport->next_mid++)};
  if (ortc::consumes_with_rtx(consumable, *capabilities))
    consumer.rtx_ssrc = server.consumers().take_ssrc();
  auto parameters = *ortc::make_consumer_parameters(consumable, *capabilities, consumer.mid,
                                                    consumer.ssrc, consumer.rtx_ssrc);
  Worker& worker = *viewing->participant.worker();
  server.pipes().acquire(*producer, viewing->room.router(), *sending->participant.worker(), worker);
  const auto request =
      worker.start(core::CreateConsumer{transport->id, producer->id, consumer.id, consumer.kind,
                                        type_of(producer->parameters.type), parameters, true});
  return Begun{pair, &worker, request, transport->id, std::move(consumer), std::move(parameters)};
}

void complete(MediasoupServer& server, Begun begun, const Worker::Outcome& outcome) {
  const auto viewing = server.find(begun.pair.viewer);
  const auto sending = server.find(begun.pair.owner);
  const Producer* producer =
      sending ? sending->participant.producers().find(begun.pair.producer) : nullptr;
  const bool same_transport =
      viewing && viewing->participant.transport(Direction::Recv) &&
      viewing->participant.transport(Direction::Recv)->id == begun.transport;
  const bool reserved =
      same_transport && viewing->participant.consumers().is_reserved(begun.pair.producer);
  if (!outcome || !reserved || !producer) {
    server.consumers().give_back_ssrcs(begun.consumer);
    server.pipes().release(begun.pair.producer, *begun.worker);
    if (reserved) viewing->participant.consumers().give_up(begun.pair.producer);
    if (outcome) begun.worker->send(core::CloseConsumer{begun.consumer.id});
    if (!outcome && reserved && producer)
      server.log().warn("consumer refused by the worker",
                        {{"viewer", viewing->participant.user_id()},
                         {"producer", producer->id.to_string()},
                         {"code", to_string(code_of(outcome.error()))}});
    return;
  }
  begun.consumer.announced = !viewing->participant.has_vanished();
  const Consumer& consumer = viewing->participant.consumers().add(std::move(begun.consumer));
  server.consumers().add(consumer, begun.pair.viewer);
  viewing->room.emit(viewing->participant, "new-consumer",
                     describe_new_consumer(*producer, consumer, begun.parameters));
}

asio::awaitable<void> make_consumers(MediasoupServer& server, std::vector<Pair> pairs) {
  for (std::size_t at = 0; at < pairs.size(); at += kBatch) {
    const std::size_t end = std::min(pairs.size(), at + kBatch);
    std::vector<Begun> batch;
    for (std::size_t i = at; i < end; ++i)
      if (auto begun = begin(server, pairs[i])) batch.push_back(std::move(*begun));
    for (Begun& begun : batch) {
      const auto outcome = co_await begun.worker->finish(begun.request);
      complete(server, std::move(begun), outcome);
    }
  }
}

}  // namespace

json::object describe_new_consumer(const Producer& producer, const Consumer& consumer,
                                   const ortc::RtpParameters& parameters) {
  json::object app_data = producer.app_data;
  app_data["mediaType"] = to_string(consumer.type);
  return {{"participantId", consumer.owner},       {"producerId", consumer.producer.to_string()},
          {"consumerId", consumer.id.to_string()}, {"kind", ortc::to_string(consumer.kind)},
          {"mediaType", to_string(consumer.type)}, {"rtpParameters", ortc::to_json(parameters)},
          {"producerPaused", producer.paused},     {"consumerPaused", consumer.paused},
          {"appData", std::move(app_data)}};
}

asio::awaitable<void> make_consumers_for_viewer(MediasoupServer& server, ParticipantId viewer) {
  std::vector<Pair> pairs;
  if (const auto place = server.find(viewer)) {
    place->room.for_each([&](const Participant& owner) {
      if (owner.id() == viewer) return;
      owner.producers().for_each([&](const Producer& producer) {
        pairs.push_back({viewer, owner.id(), producer.id});
      });
    });
  }
  co_await make_consumers(server, std::move(pairs));
}

asio::awaitable<void> make_consumers_of_producer(MediasoupServer& server, ParticipantId owner,
                                                 ProducerId producer) {
  std::vector<Pair> pairs;
  if (const auto place = server.find(owner)) {
    place->room.for_each([&](const Participant& viewer) {
      if (viewer.id() != owner) pairs.push_back({viewer.id(), owner, producer});
    });
  }
  co_await make_consumers(server, std::move(pairs));
}

}  // namespace sfu::service

#include "service/resuming.h"

#include <boost/json/array.hpp>
#include <utility>

#include "base/check.h"
#include "ortc/consumer_parameters.h"
#include "ortc/json.h"
#include "service/consumer_creation.h"
#include "service/transport_states.h"

namespace sfu::service {
namespace {

namespace json = boost::json;

json::array describe_transports(const Participant& participant) {
  json::array transports;
  for (const Direction direction : {Direction::Send, Direction::Recv}) {
    const auto& transport = participant.transport(direction);
    if (!transport) continue;
    transports.push_back(json::object{{"id", transport->id.to_string()},
                                      {"direction", to_string(direction)},
                                      {"connected", transport->connected},
                                      {"iceState", to_string(transport->ice)},
                                      {"dtlsState", to_string(transport->dtls)}});
  }
  return transports;
}

json::array describe_producers(const Participant& participant) {
  json::array producers;
  participant.producers().for_each([&](const Producer& producer) {
    const json::string id(producer.id.to_string());
    producers.push_back(json::object{{"id", id},
                                     {"producerId", id},
                                     {"kind", ortc::to_string(producer.kind)},
                                     {"mediaType", to_string(producer.type)},
                                     {"paused", producer.paused},
                                     {"appData", producer.app_data}});
  });
  return producers;
}

json::object describe(const Room& room, const Participant& viewer, const Consumer& consumer) {
  const Participant* owner = room.find(consumer.owner);
  SFU_CHECK(owner);
  const Producer* producer = owner->producers().find(consumer.producer);
  SFU_CHECK(producer && viewer.capabilities);
  const ortc::RtpParameters& consumable = producer->parameters.consumable;
  std::optional<ortc::RtpParameters> parameters;
  // The client may have told other capabilities since; these are then not the consumer's.
  if (ortc::consumes_with_rtx(consumable, *viewer.capabilities) == consumer.rtx_ssrc.has_value())
    parameters = ortc::make_consumer_parameters(consumable, *viewer.capabilities, consumer.mid,
                                                consumer.ssrc, consumer.rtx_ssrc);
  json::object described =
      describe_new_consumer(*producer, consumer, parameters.value_or(ortc::RtpParameters{}));
  if (!parameters) described["rtpParameters"] = nullptr;
  return described;
}

json::array describe_consumers(const Room& room, const Participant& participant) {
  json::array consumers;
  participant.consumers().for_each([&](const Consumer& consumer) {
    json::object described = describe(room, participant, consumer);
    described["id"] = consumer.id.to_string();
    described["paused"] = consumer.paused;
    consumers.push_back(std::move(described));
  });
  return consumers;
}

}  // namespace

json::object describe_stay(const Room& room, const Participant& participant) {
  return {{"resumed", true},
          {"transports", describe_transports(participant)},
          {"producers", describe_producers(participant)},
          {"consumers", describe_consumers(room, participant)},
          {"participants", room.describe_others(participant)}};
}

void emit_missed_consumers(const Room& room, Participant& participant) {
  participant.consumers().for_each([&](const Consumer& consumer) {
    if (!consumer.announced)
      room.emit(participant, "new-consumer", describe(room, participant, consumer));
  });
  participant.consumers().set_all_announced();
}

}  // namespace sfu::service

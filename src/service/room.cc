#include "service/room.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "base/check.h"
#include "ortc/json.h"

namespace sfu::service {
namespace {

json::object describe(const Participant& participant) {
  json::array producers;
  participant.producers().for_each([&](const Producer& producer) {
    producers.push_back(json::object{{"producerId", producer.id.to_string()},
                                     {"kind", ortc::to_string(producer.kind)},
                                     {"appData", producer.app_data}});
  });
  return {{"participantId", participant.user_id()},
          {"userInfo", participant.user_info()},
          {"producers", std::move(producers)}};
}

}  // namespace

Room::Room(std::string id, RouterId router, signaling::socketio::Server& signaling,
           ConsumerRegistry& consumers, Pipes& pipes)
    : id_(std::move(id)),
      router_(router),
      signaling_(signaling),
      consumers_(consumers),
      pipes_(pipes) {}

bool Room::is_on(const Worker& worker) const {
  return std::find(workers_.begin(), workers_.end(), &worker) != workers_.end();
}

Participant* Room::find(const std::string& user_id) const {
  const auto found = participants_.find(user_id);
  return found == participants_.end() ? nullptr : found->second.get();
}

Participant& Room::add(std::unique_ptr<Participant> participant) {
  const auto [entry, added] = participants_.emplace(participant->user_id(), std::move(participant));
  SFU_CHECK(added);
  return *entry->second;
}

void Room::remove(Participant& participant) {
  close_transport(participant, Direction::Send, false);
  close_transport(participant, Direction::Recv, false);
  const auto leaving = participants_.extract(participant.user_id());
  if (participant.announced)
    emit_to_others(participant, "participant-left",
                   json::object{{"participantId", participant.user_id()}});
}

void Room::announce(Participant& participant) {
  const bool starts_anew = std::exchange(participant.may_start_anew, false);
  if (participant.announced && !starts_anew) return;
  if (!std::exchange(participant.announced, true))
    emit_to_others(participant, "participant-joined",
                   json::object{{"participantId", participant.user_id()},
                                {"userInfo", participant.user_info()}});
  emit(participant, "existing-participants",
       json::object{{"participants", describe_others(participant)}});
  if (const auto speaker = describe_speaker(); !speaker.is_null())
    emit(participant, "active-speaker", speaker);
}

json::value Room::describe_speaker() const {
  const auto& speaking = levels_.speaker();
  if (!speaking) return nullptr;
  for (const auto& [user_id, participant] : participants_) {
    const Producer* microphone = participant->producers().find(MediaType::Audio);
    if (microphone && microphone->id == *speaking && !microphone->paused)
      return json::object{{"participantId", user_id}};
  }
  return nullptr;
}

json::array Room::describe_others(const Participant& except) const {
  json::array others;
  for (const auto& [user_id, other] : participants_)
    if (other->announced && other.get() != &except) others.push_back(describe(*other));
  return others;
}

void Room::place_transport(Participant& participant, Direction direction, TransportId id) {
  close_transport(participant, direction, true);
  participant.transport(direction).emplace().id = id;
}

void Room::close_transport(Participant& participant, Direction direction, bool tell_participant) {
  auto& transport = participant.transport(direction);
  if (!transport) return;
  if (direction == Direction::Send) {
    for (const MediaType type : kAllMediaTypes) close_producer(participant, type);
  } else {
    for (const Consumer& consumer : participant.consumers().remove_all()) {
      consumers_.remove(consumer);
      pipes_.release(consumer.producer, *participant.worker());
      if (tell_participant)
        emit(participant, "consumer-closed",
             json::object{{"consumerId", consumer.id.to_string()},
                          {"participantId", consumer.owner}});
    }
  }
  participant.worker()->send(core::CloseTransport{transport->id});
  transport.reset();
}

bool Room::close_producer(Participant& owner, MediaType type) {
  const auto producer = owner.producers().remove(type);
  if (!producer) return false;
  pipes_.close(producer->id);
  owner.worker()->send(core::CloseProducer{producer->id});
  const auto closed = signaling::socketio::Server::encode(
      "producer-closed",
      json::object{{"participantId", owner.user_id()}, {"producerId", producer->id.to_string()}});
  for (const auto& [user_id, viewer] : participants_) {
    if (viewer.get() == &owner) continue;
    if (const auto consumer = viewer->consumers().remove_by_producer(producer->id)) {
      consumers_.remove(*consumer);
      const json::string consumer_id(consumer->id.to_string());
      emit(*viewer, "consumer-producer-closed",
           json::object{{"consumerId", consumer_id},
                        {"participantId", owner.user_id()},
                        {"producerId", producer->id.to_string()}});
      emit(*viewer, "consumer-closed",
           json::object{{"consumerId", consumer_id}, {"participantId", owner.user_id()}});
    }
    signaling_.emit(viewer->connection(), closed);
  }
  return true;
}

void Room::set_producer_paused(Participant& owner, MediaType type, bool paused) {
  Producer* producer = owner.producers().find(type);
  SFU_CHECK(producer);
  producer->paused = paused;
  for (const auto& [user_id, viewer] : participants_) {
    if (const Consumer* consumer = viewer->consumers().find_by_producer(producer->id))
      emit(*viewer, paused ? "consumer-producer-paused" : "consumer-producer-resumed",
           json::object{{"consumerId", consumer->id.to_string()},
                        {"participantId", owner.user_id()}});
  }
  emit_to_others(owner, "producer-state-changed",
                 json::object{{"participantId", owner.user_id()},
                              {"kind", to_string(type)},
                              {"event", "paused"},
                              {"data", paused}});
}

void Room::emit(const Participant& to, std::string_view event, const json::value& payload) const {
  signaling_.emit(to.connection(), event, payload);
}

void Room::emit_volatile_to_all(std::string_view event, const json::value& payload) const {
  const auto encoded = signaling::socketio::Server::encode(event, payload);
  for (const auto& [user_id, participant] : participants_)
    signaling_.emit_volatile(participant->connection(), encoded);
}

/// In a crowd everybody hears of everybody, which is quadratic; it need not be so in calls too.
signaling::socketio::Encoded Room::announcement(std::string_view event,
                                                const json::value& payload) const {
  auto encoded = signaling::socketio::Server::encode(event, payload);
  if (participants_.size() >= kCrowd) encoded.let_wait();
  return encoded;
}

void Room::emit_to_all(std::string_view event, const json::value& payload) const {
  const auto encoded = announcement(event, payload);
  for (const auto& [user_id, participant] : participants_)
    signaling_.emit(participant->connection(), encoded);
}

void Room::emit_to_others(const Participant& except, std::string_view event,
                          const json::value& payload) const {
  const auto encoded = announcement(event, payload);
  for (const auto& [user_id, participant] : participants_)
    if (participant.get() != &except) signaling_.emit(participant->connection(), encoded);
}

Room::Totals Room::totals() const {
  Totals totals;
  for (const auto& [user_id, participant] : participants_) {
    for (const Direction direction : {Direction::Send, Direction::Recv})
      totals.transports += participant->transport(direction) ? 1 : 0;
    totals.producers += participant->producers().size();
    totals.consumers += participant->consumers().size();
  }
  return totals;
}

}  // namespace sfu::service

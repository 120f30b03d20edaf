#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "service/mediasoup_server.h"

// What workers tell while media flows: how well it comes, and who speaks.

namespace sfu::service {
namespace {

struct Voice {
  const Participant* participant;
  bool counts;  // Sounds now: it is not paused.
};

/// The microphones of a room. A shared screen's sound is not a person who speaks.
std::unordered_map<ProducerId, Voice> voices_of(const Room& room) {
  std::unordered_map<ProducerId, Voice> voices;
  room.for_each([&](const Participant& participant) {
    if (const Producer* audio = participant.producers().find(MediaType::Audio))
      voices.emplace(audio->id, Voice{&participant, !audio->paused});
  });
  return voices;
}

}  // namespace

Room* MediasoupServer::find_room(RouterId id) const {
  const auto found = rooms_by_router_.find(id);
  return found == rooms_by_router_.end() ? nullptr : found->second;
}

void MediasoupServer::on_score(const core::ProducerScoreChanged& event) {
  const Room* room = find_room(event.router);
  if (!room) return;
  json::array scores;
  for (const core::EncodingScore& score : event.scores)
    scores.push_back(json::object{{"rid", score.rid ? json::value(*score.rid) : json::value()},
                                  {"score", score.score}});
  const json::object payload{{"producerId", event.producer.to_string()},
                             {"scores", std::move(scores)}};
  room->for_each([&](const Participant& participant) {
    if (participant.producers().find(event.producer))
      room->emit(participant, "producer-score", payload);
  });
}

void MediasoupServer::on_score(const core::ConsumerScoreChanged& event) {
  const auto viewer = consumers_.viewer_of(event.consumer);
  const auto place = viewer ? find(*viewer) : std::nullopt;
  if (!place) return;
  place->room.emit(place->participant, "consumer-score",
                   json::object{{"consumerId", event.consumer.to_string()},
                                {"score", event.score},
                                {"producerScore", event.producer_score}});
}

void MediasoupServer::on_audio_levels(std::size_t worker, core::AudioLevels event) {
  Room* room = find_room(event.router);
  if (!room) return;
  const auto voices = voices_of(*room);
  const auto sounds = [&](ProducerId producer) {
    const auto voice = voices.find(producer);
    return voice != voices.end() && voice->second.counts;
  };
  std::erase_if(event.levels,
                [&](const core::AudioLevel& level) { return !sounds(level.producer); });
  media::RoomLevels& levels = room->levels();
  levels.forget_unless(sounds);
  const auto news = levels.handle_report(options_.clock(), worker, std::move(event.levels));
  if (news.levels) {
    json::array heard;
    for (const core::AudioLevel& level : levels.levels())
      heard.push_back(
          json::object{{"participantId", voices.at(level.producer).participant->user_id()},
                       {"volume", level.volume}});
    room->emit_volatile_to_all("audio-levels", json::object{{"levels", std::move(heard)}});
  }
  if (news.speaker) room->emit_to_all("active-speaker", room->describe_speaker());
}

}  // namespace sfu::service

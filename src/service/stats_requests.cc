#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/stats_json.h"

// get-participant-stats.

namespace sfu::service {
namespace {

using Started = std::optional<core::RequestId>;

Started start(Worker& worker, const std::optional<Transport>& transport) {
  if (!transport) return std::nullopt;
  return worker.start(core::GetTransportStats{transport->id});
}

asio::awaitable<std::optional<core::TransportStats>> finish(Worker& worker, Started started) {
  if (!started) co_return std::nullopt;
  auto outcome = co_await worker.finish(*started);
  auto* stats = outcome ? std::get_if<core::TransportStats>(&*outcome) : nullptr;
  if (!stats) co_return std::nullopt;
  co_return std::move(*stats);
}

/// Asked for at one worker.
struct Viewing {
  Worker* worker;
  core::RequestId request;
};

/// Asks every worker that has producers of what the participant consumes.
std::vector<Viewing> start_viewed(const MediasoupServer::Place& place) {
  std::map<Worker*, std::vector<ProducerId>> by_worker;
  place.participant.consumers().for_each([&](const Consumer& consumer) {
    const Participant* owner = place.room.find(consumer.owner);
    if (owner && owner->worker()) by_worker[owner->worker()].push_back(consumer.producer);
  });
  std::vector<Viewing> started;
  for (auto& [worker, producers] : by_worker)
    started.push_back({worker, worker->start(core::GetProducerStats{std::move(producers)})});
  return started;
}

asio::awaitable<ViewedProducers> finish_viewed(std::vector<Viewing> started) {
  ViewedProducers viewed;
  for (const Viewing& one : started) {
    auto outcome = co_await one.worker->finish(one.request);
    auto* stats = outcome ? std::get_if<std::vector<core::ProducerStats>>(&*outcome) : nullptr;
    if (!stats) continue;
    for (core::ProducerStats& producer : *stats)
      viewed.emplace(producer.producer, std::move(producer));
  }
  co_return viewed;
}

}  // namespace

asio::awaitable<void> get_participant_stats(MediasoupServer& server, Request& request) {
  const auto before = server.find(request.connection());
  const ParticipantId who = before->participant.id();
  Worker& worker = *before->participant.worker();
  const Started sending = start(worker, before->participant.transport(Direction::Send));
  const Started receiving = start(worker, before->participant.transport(Direction::Recv));
  auto viewing = start_viewed(*before);
  const auto send = co_await finish(worker, sending);
  const auto recv = co_await finish(worker, receiving);
  const auto viewed = co_await finish_viewed(std::move(viewing));
  const auto place = server.find(who);
  if (!place) co_return request.fail(ErrorCode::Closed);
  request.succeed(participant_stats_to_json(place->participant, send, recv, viewed));
}

}  // namespace sfu::service

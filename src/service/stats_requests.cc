#include <optional>
#include <utility>
#include <variant>

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

}  // namespace

asio::awaitable<void> get_participant_stats(MediasoupServer& server, Request& request) {
  const auto before = server.find(request.connection());
  const ParticipantId who = before->participant.id();
  Worker& worker = *before->participant.worker();
  const Started sending = start(worker, before->participant.transport(Direction::Send));
  const Started receiving = start(worker, before->participant.transport(Direction::Recv));
  const auto send = co_await finish(worker, sending);
  const auto recv = co_await finish(worker, receiving);
  const auto place = server.find(who);
  if (!place) co_return request.fail(ErrorCode::Closed);
  request.succeed(participant_stats_to_json(place->participant, send, recv));
}

}  // namespace sfu::service

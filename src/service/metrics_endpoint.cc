#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "service/mediasoup_server.h"
#include "service/metrics.h"

// GET /metrics. It shows sums alone, no rooms and nobody, so it is open as the sums of /stats are.

namespace sfu::service {

void MediasoupServer::handle_metrics(const HttpRequest& request,
                                     std::function<void(HttpResponse)> respond) {
  if (const auto* known = is_admin(request) ? nullptr : metrics_.repeat(options_.clock()))
    return respond(*known);
  boost::asio::co_spawn(executor_, collect_metrics(std::move(respond)), boost::asio::detached);
}

asio::awaitable<void> MediasoupServer::collect_metrics(std::function<void(HttpResponse)> respond) {
  const auto workers = co_await ask_workers();
  Metrics metrics;
  add_process_metrics(metrics);
  Room::Totals totals;
  for (const auto& [id, room] : rooms_) {
    const auto of_room = room->totals();
    totals.transports += of_room.transports;
    totals.producers += of_room.producers;
    totals.consumers += of_room.consumers;
  }
  const auto count = [&](const char* name, const char* help, std::size_t value) {
    metrics.gauge(name, help, static_cast<double>(value));
  };
  count("meetlite_sfu_connections", "Socket.IO connections.", connections_.size());
  count("meetlite_sfu_rooms", "Meetings.", rooms_.size());
  count("meetlite_sfu_participants", "People in meetings.", participants_.size());
  count("meetlite_sfu_transports", "Transports of people in meetings.", totals.transports);
  count("meetlite_sfu_producers", "Streams that people send.", totals.producers);
  count("meetlite_sfu_consumers", "Streams that people receive.", totals.consumers);
  count("meetlite_sfu_peer_to_peer_rooms", "Peer-to-peer rooms.", peer_to_peer_.room_count());
  count("meetlite_sfu_peer_to_peer_participants", "People in peer-to-peer rooms.",
        peer_to_peer_.peer_count());
  count("meetlite_sfu_draining", "1 where nobody new is let in, as the server is about to stop.",
        is_draining() ? 1 : 0);
  add_request_metrics(metrics, counters_);
  for (std::size_t i = 0; i < signaling::kRefusals; ++i)
    metrics.counter("meetlite_sfu_turned_away_total",
                    "What was turned away at the doors of HTTP and Socket.IO, by its kind.",
                    static_cast<double>(refusals_.counts().doors[i]),
                    {{"kind", std::string(to_string(static_cast<signaling::Refusal>(i)))}});
  for (std::size_t index = 0; index < workers.size(); ++index)
    add_worker_metrics(metrics, index, workers[index]);

  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.to_text();
  respond(metrics_.keep(std::move(response)));
}

}  // namespace sfu::service

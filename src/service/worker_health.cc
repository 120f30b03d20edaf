#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "service/mediasoup_server.h"

// Which workers' loops do not turn, for the log, /health and /stats.

namespace sfu::service {
namespace {

std::int64_t milliseconds(TimeDelta time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

std::string doing(const Worker& worker) {
  return worker.watch().is_stuck() ? worker::describe(worker.watch().pulse())
                                   : "leaves commands unanswered";
}

}  // namespace

bool MediasoupServer::check_workers(TimeDelta patience) {
  bool all_turn = true;
  for (const auto& worker : workers_) {
    const auto change = worker->look();
    const WorkerWatch& watch = worker->watch();
    if (change == WorkerWatch::Change::Stuck)
      log_.error("worker is stuck", {{"worker", worker->index()},
                                     {"doing", worker::describe(watch.pulse())},
                                     {"for_ms", milliseconds(watch.still())}});
    if (change == WorkerWatch::Change::Recovered)
      log_.warn("worker turns again", {{"worker", worker->index()}});
    if (change != WorkerWatch::Change::None)
      placement_.set_stuck(worker->index(), watch.is_stuck());
    all_turn = all_turn && watch.still() < patience;
  }
  return all_turn;
}

json::array MediasoupServer::stuck_workers() const {
  json::array stuck;
  for (const auto& worker : workers_) {
    if (!worker->is_stuck(options_.worker_patience)) continue;
    stuck.push_back(json::object{{"index", worker->index()},
                                 {"doing", doing(*worker)},
                                 {"forMs", milliseconds(worker->watch().still())}});
  }
  return stuck;
}

void MediasoupServer::add_whether_stuck(json::object& stats, const Worker& worker) const {
  const bool is_stuck = worker.is_stuck(options_.worker_patience);
  stats["stuck"] = is_stuck;
  if (is_stuck) stats["doing"] = doing(worker);
}

}  // namespace sfu::service

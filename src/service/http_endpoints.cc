#include <malloc.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>
#include <variant>

#include "service/mediasoup_server.h"
#include "service/stats_json.h"

// GET /health and GET /stats.

namespace sfu::service {
namespace {

HttpResponse json_response(int status, const json::object& body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = json::serialize(body);
  return response;
}

std::string iso8601(std::chrono::seconds unix_time) {
  const std::time_t seconds = unix_time.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
  return {text.data(), size};
}

/// Of the whole process, in bytes, under the names that Node gives them.
json::object memory_usage() {
  std::size_t pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  const struct mallinfo2 heap = mallinfo2();
  return {{"rss", resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE))},
          {"heapTotal", heap.arena + heap.hblkhd},
          {"heapUsed", heap.uordblks + heap.hblkhd},
          {"external", 0}};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void MediasoupServer::handle_health(const HttpRequest&, std::function<void(HttpResponse)> respond) {
  const bool is_degraded = is_any_worker_stuck();
  for (const auto& worker : workers_) worker->probe();
  const auto uptime = std::chrono::duration<double>(options_.clock() - started_at_).count();
  const char* status = draining_ ? "DRAINING" : is_degraded ? "DEGRADED" : "OK";
  respond(json_response(draining_ || is_degraded ? 503 : 200,
                        {{"status", status},
                         {"service", "mediasoup-service"},
                         {"timestamp", iso8601(options_.unix_time())},
                         {"uptime", uptime},
                         {"memory", memory_usage()}}));
}

void MediasoupServer::handle_stats(const HttpRequest& request,
                                   std::function<void(HttpResponse)> respond) {
  boost::asio::co_spawn(executor_, collect_stats(is_admin(request), std::move(respond)),
                        boost::asio::detached);
}

/// A proxy on this machine connects from loopback for people anywhere: what it forwards is not
/// local.
bool MediasoupServer::is_admin(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const auto authorization = request.header("authorization").value_or("");
  if (!options_.admin_token.empty() && authorization.size() > kBearer.size() &&
      equal_ignoring_case(authorization.substr(0, kBearer.size()), kBearer) &&
      equal_in_constant_time(authorization.substr(kBearer.size()), options_.admin_token))
    return true;
  const bool is_forwarded = request.header("x-forwarded-for") || request.header("forwarded");
  return request.remote.ip.is_loopback() && !is_forwarded;
}

bool MediasoupServer::is_any_worker_stuck() const {
  for (const auto& worker : workers_)
    if (worker->is_stuck(options_.worker_patience)) return true;
  return false;
}

asio::awaitable<void> MediasoupServer::collect_stats(bool is_admin,
                                                     std::function<void(HttpResponse)> respond) {
  struct Asked {
    Worker* worker;
    std::optional<core::RequestId> request;
  };
  std::vector<Asked> asked;
  for (const auto& worker : workers_) {
    const bool is_stuck = worker->is_stuck(options_.worker_patience);
    asked.push_back({worker.get(), std::nullopt});
    if (!is_stuck) asked.back().request = worker->start(core::GetWorkerStats{});
  }
  json::array worker_stats;
  for (const Asked& one : asked) {
    std::optional<core::WorkerStats> stats;
    if (one.request) {
      const auto outcome = co_await one.worker->finish(*one.request);
      if (const auto* found = outcome ? std::get_if<core::WorkerStats>(&*outcome) : nullptr)
        stats = *found;
    }
    worker_stats.push_back(worker_to_json(one.worker->index(), stats));
  }
  const Audience audience = is_admin ? Audience::Administrator : Audience::Anyone;
  json::array room_stats;
  std::size_t participants = 0, producers = 0, consumers = 0;
  for (const auto& [id, room] : rooms_) {
    const auto totals = room->totals();
    participants += room->size();
    producers += totals.producers;
    consumers += totals.consumers;
    room_stats.push_back(room_to_json(*room, audience));
  }
  respond(json_response(200, {{"workers", workers_.size()},
                              {"rooms", rooms_.size()},
                              {"totalParticipants", participants},
                              {"totalProducers", producers},
                              {"totalConsumers", consumers},
                              {"roomStats", std::move(room_stats)},
                              {"workerStats", std::move(worker_stats)}}));
}

}  // namespace sfu::service

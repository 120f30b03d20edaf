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

/// What proxies say of those for whom they ask.
constexpr std::array kForwardingHeaders = {
    "forwarded",        "x-forwarded-for",     "x-forwarded-host", "x-forwarded-proto",
    "x-forwarded-port", "x-forwarded-server",  "x-real-ip",        "via",
    "x-client-ip",      "x-cluster-client-ip", "true-client-ip",   "cf-connecting-ip"};

/// A Host that names this machine from inside, with or without a port; or none.
bool names_loopback(std::optional<std::string_view> host) {
  if (!host) return true;
  std::string_view name = *host;
  if (const auto port = name.rfind(':');
      port != std::string_view::npos && name.find(']', port) == std::string_view::npos)
    name = name.substr(0, port);
  if (equal_ignoring_case(name, "localhost")) return true;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const auto ip = IpAddress::parse(name);
  return ip && ip->is_loopback();
}

/// Whether who asks is on this machine. A proxy here connects from loopback for people anywhere: it
/// is known by what it adds, or by the name that those people called. So is a page whose own name
/// was made to lead to loopback.
bool is_local(const HttpRequest& request) {
  for (const char* header : kForwardingHeaders)
    if (request.header(header)) return false;
  return request.remote.ip.is_loopback() && names_loopback(request.header("host"));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

/// It walks the heaps of all threads.
const json::object& MediasoupServer::memory(const HttpRequest& request) {
  const json::object* known = is_admin(request) ? nullptr : memory_.repeat(options_.clock());
  return known ? *known : memory_.keep(memory_usage());
}

void MediasoupServer::handle_health(const HttpRequest& request,
                                    std::function<void(HttpResponse)> respond) {
  check_workers();
  json::array stuck = stuck_workers();
  for (const auto& worker : workers_) worker->probe();
  const auto uptime = std::chrono::duration<double>(options_.clock() - started_at_).count();
  const bool is_degraded = !stuck.empty();
  const char* status = is_draining() ? "DRAINING" : is_degraded ? "DEGRADED" : "OK";
  json::object body{{"status", status},
                    {"service", "mediasoup-service"},
                    {"timestamp", iso8601(options_.unix_time())},
                    {"uptime", uptime},
                    {"memory", memory(request)}};
  if (is_degraded) body["stuckWorkers"] = std::move(stuck);
  respond(json_response(is_draining() || is_degraded ? 503 : 200, body));
}

void MediasoupServer::handle_stats(const HttpRequest& request,
                                   std::function<void(HttpResponse)> respond) {
  const bool is_for_admin = is_admin(request);
  if (const auto* known = is_for_admin ? nullptr : stats_.repeat(options_.clock()))
    return respond(*known);
  boost::asio::co_spawn(executor_, collect_stats(is_for_admin, std::move(respond)),
                        boost::asio::detached);
}

bool MediasoupServer::is_admin(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const auto authorization = request.header("authorization").value_or("");
  if (!options_.admin_token.empty() && authorization.size() > kBearer.size() &&
      equal_ignoring_case(authorization.substr(0, kBearer.size()), kBearer) &&
      equal_in_constant_time(authorization.substr(kBearer.size()), options_.admin_token))
    return true;
  return is_local(request);
}

asio::awaitable<std::vector<std::optional<core::WorkerStats>>> MediasoupServer::ask_workers() {
  std::vector<std::optional<core::RequestId>> asked;
  for (const auto& worker : workers_) {
    const bool is_stuck = worker->is_stuck(options_.worker_patience);
    asked.push_back(is_stuck ? std::nullopt : std::optional(worker->start(core::GetWorkerStats{})));
  }
  std::vector<std::optional<core::WorkerStats>> answers(workers_.size());
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    if (!asked[index]) continue;
    const auto outcome = co_await workers_[index]->finish(*asked[index]);
    if (const auto* found = outcome ? std::get_if<core::WorkerStats>(&*outcome) : nullptr)
      answers[index] = *found;
  }
  co_return answers;
}

asio::awaitable<void> MediasoupServer::collect_stats(bool is_admin,
                                                     std::function<void(HttpResponse)> respond) {
  const auto answers = co_await ask_workers();
  json::array worker_stats;
  for (std::size_t index = 0; index < answers.size(); ++index) {
    worker_stats.push_back(worker_to_json(index, answers[index]));
    add_whether_stuck(worker_stats.back().as_object(), *workers_[index]);
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
  HttpResponse response =
      json_response(200, {{"workers", workers_.size()},
                          {"rooms", rooms_.size()},
                          {"totalParticipants", participants},
                          {"totalProducers", producers},
                          {"totalConsumers", consumers},
                          {"peerToPeerRooms", peer_to_peer_.room_count()},
                          {"peerToPeerParticipants", peer_to_peer_.peer_count()},
                          {"roomStats", std::move(room_stats)},
                          {"workerStats", std::move(worker_stats)}});
  respond(is_admin ? std::move(response) : stats_.keep(std::move(response)));
}

}  // namespace sfu::service

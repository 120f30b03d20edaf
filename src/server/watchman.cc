#include "server/watchman.h"

namespace sfu::server {
namespace {

/// Between two signs of life to the service manager: once a second.
constexpr int kLooksForEachSign = std::chrono::seconds(1) / service::WorkerWatch::kInterval;

}  // namespace

Watchman::Watchman(boost::asio::io_context& context, service::MediasoupServer& service,
                   const ServiceNotice& notice, Logger& log)
    : service_(service), notice_(notice), service_watch_(log), timer_(context) {
  look_later();
}

void Watchman::look_later() {
  timer_.expires_after(service::WorkerWatch::kInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    service_watch_.beat();
    const bool all_turn = service_.check_workers(kLostPatience);
    if (++looks_ % kLooksForEachSign == 0 && all_turn) notice_.alive();
    look_later();
  });
}

}  // namespace sfu::server

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "server/demo_tokens.h"
#include "server/ending.h"
#include "server/service_notice.h"
#include "server/settings.h"
#include "server/shutdown.h"
#include "server/watchman.h"
#include "service/mediasoup_server.h"
#include "signaling/gateway.h"
#include "worker/listen_sockets.h"
#include "worker/worker_links.h"
#include "worker/worker_thread.h"

namespace sfu::server {

/// All of the server, wired: media workers on their threads, and on the thread that runs `context`
/// the gateway and the service. Destroy it only when that has stopped running.
class Server {
 public:
  /// Binds the media ports and starts the workers. `context` outlives the server. The error is for
  /// the operator and names the setting.
  static Result<std::unique_ptr<Server>, std::string> start(const Settings& settings,
                                                            boost::asio::io_context& context);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Where HTTP listens; the port is a real one also where the setting was 0.
  const Endpoint& http() const { return http_; }
  /// A link that a person can open, with the page; empty where no page is served.
  std::string join_link() const;
  bool listens_beyond_loopback() const;

  /// Lets meetings end or ends them, closes all connections, and calls `ended`, after which
  /// `context` may stop. A second wish ends the meetings at once, a third does not wait for
  /// connections to close.
  void end(Shutdown::Wish wish, std::function<void()> ended);

 private:
  Server(const Settings& settings, boost::asio::io_context& context,
         std::unique_ptr<RandomSource> random);

  Result<void, std::string> start_workers();
  Result<worker::WorkerThread::Config, std::string> worker_config(std::size_t index,
                                                                  std::span<const Endpoint> udp,
                                                                  std::span<const Endpoint> tcp);
  void deliver(std::size_t worker, std::vector<core::Event> events);
  void pin_workers();
  Result<void, std::string> start_service();
  Result<void, std::string> listen();
  void add_routes();
  void provide_descriptors();
  void watch_expiry();

  const Settings settings_;
  boost::asio::io_context& context_;
  const std::unique_ptr<RandomSource> random_;  // Of the service thread.
  const ServiceNotice notice_;
  Logger service_log_;
  Logger media_log_;
  const crypto::Certificate certificate_;
  boost::asio::steady_timer expiry_timer_;
  std::unique_ptr<signaling::Gateway> gateway_;
  worker::WorkerLinks links_;
  std::vector<std::unique_ptr<worker::WorkerThread>> workers_;
  std::unique_ptr<service::MediasoupServer> service_;
  std::unique_ptr<DemoTokens> demo_tokens_;
  std::unique_ptr<Ending> ending_;
  std::unique_ptr<Watchman> watchman_;
  Endpoint http_;
};

}  // namespace sfu::server

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/units.h"
#include "server/service_notice.h"
#include "server/service_watch.h"
#include "service/mediasoup_server.h"

namespace sfu::server {

/// Looks after the workers from the service thread, and lets the service manager know that this
/// thread and they go on: where one does not for kLostPatience, the manager hears nothing more, and
/// starts the process anew when its own patience ends. That this thread is stuck is told to the log
/// by another one.
class Watchman {
 public:
  /// A worker that has not turned for so long takes its meetings with it: a restart costs less.
  static constexpr TimeDelta kLostPatience = std::chrono::seconds(10);

  /// The references outlive the run of `context`.
  Watchman(boost::asio::io_context& context, service::MediasoupServer& service,
           const ServiceNotice& notice, Logger& log);

 private:
  void look_later();

  service::MediasoupServer& service_;
  const ServiceNotice& notice_;
  ServiceWatch service_watch_;
  boost::asio::steady_timer timer_;
  int looks_ = 0;
};

}  // namespace sfu::server

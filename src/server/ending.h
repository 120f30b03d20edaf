#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "base/log.h"
#include "base/units.h"
#include "server/shutdown.h"
#include "service/mediasoup_server.h"
#include "signaling/gateway.h"

namespace sfu::server {

/// Carries out what Shutdown decides, on the service thread.
class Ending {
 public:
  /// The references outlive it, or the run of `context` at least.
  Ending(boost::asio::io_context& context, service::MediasoupServer& service,
         signaling::Gateway& gateway, Logger& log, TimeDelta longest_drain);

  /// Calls `ended` once all is done, later or within this call; of a later wish it is ignored.
  void begin(Shutdown::Wish wish, std::function<void()> ended);

 private:
  void follow(Shutdown::Phase before);
  void arm_timer();

  service::MediasoupServer& service_;
  signaling::Gateway& gateway_;
  Logger& log_;
  const TimeDelta longest_drain_;
  Shutdown shutdown_;
  boost::asio::steady_timer timer_;
  std::function<void()> ended_;
};

}  // namespace sfu::server

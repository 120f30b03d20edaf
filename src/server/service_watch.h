#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/log.h"
#include "service/worker_watch.h"
#include "worker/heartbeat.h"

namespace sfu::server {

/// Watches the service thread from a thread of its own, and tells the log where its loop does not
/// turn. /health cannot, as it is that thread that answers.
class ServiceWatch {
 public:
  /// To be made on the service thread. `log` outlives it.
  explicit ServiceWatch(Logger& log);

  /// The service thread's loop turns; to be called about every WorkerWatch::kInterval.
  void beat() { heartbeat_.begin_turn(); }

 private:
  void run(const std::stop_token& stop);
  void look();

  Logger& log_;
  const pid_t service_thread_;
  worker::Heartbeat heartbeat_;
  service::WorkerWatch watch_;  // Of the watching thread.
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // The last member: it ends first.
};

}  // namespace sfu::server

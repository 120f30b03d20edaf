#include "server/service_watch.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>

#include "io/clock.h"
#include "server/thread_state.h"

namespace sfu::server {

ServiceWatch::ServiceWatch(Logger& log)
    : log_(log),
      service_thread_(gettid()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
  pthread_setname_np(thread_.native_handle(), "watch");
}

void ServiceWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    look();
    stopped_.wait_for(lock, stop, service::WorkerWatch::kInterval, [] { return false; });
  }
}

void ServiceWatch::look() {
  const auto change = watch_.look(io::monotonic_now(), heartbeat_.pulse());
  if (change == service::WorkerWatch::Change::Stuck)
    log_.error("service thread is stuck",
               {{"doing", describe_thread(service_thread_)},
                {"for_ms",
                 std::chrono::duration_cast<std::chrono::milliseconds>(watch_.still()).count()}});
  if (change == service::WorkerWatch::Change::Recovered) log_.warn("service thread turns again");
}

}  // namespace sfu::server

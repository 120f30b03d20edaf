#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/random.h"
#include "core/worker_core.h"
#include "sim/network.h"

namespace sfu::sim {

/// A worker's core on the virtual network: the loop of a worker without its thread and sockets.
class ServerHost final : public Host {
 public:
  /// `core` outlives the host.
  explicit ServerHost(core::WorkerCore& core) : core_(core) {}

  void handle_datagram(Timestamp now, const Path& path, Bytes datagram) override;
  void handle_timeout(Timestamp now) override { core_.handle_timeout(now); }
  void flush(Timestamp now, Outbox& outbox) override;
  Timestamp next_timeout() const override {
    return core_.next_timeout().value_or(Timestamp::max());
  }

  std::uint64_t datagrams_sent() const { return sent_; }

 private:
  core::WorkerCore& core_;
  std::uint64_t sent_ = 0;
};

}  // namespace sfu::sim

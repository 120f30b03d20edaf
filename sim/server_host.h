#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "base/link_for_test.h"
#include "core/worker_core.h"
#include "sim/network.h"

namespace sfu::sim {

/// A worker's core on the virtual network: the loop of a worker without its thread and sockets.
class ServerHost final : public Host {
 public:
  /// `inbound` is what the cores of other workers write to this one. All outlive the host.
  explicit ServerHost(core::WorkerCore& core, std::vector<LinkForTest*> inbound = {})
      : core_(core), inbound_(std::move(inbound)) {}

  void handle_datagram(Timestamp now, const Path& path, Bytes datagram) override;
  void handle_timeout(Timestamp now) override { core_.handle_timeout(now); }
  void flush(Timestamp now, Outbox& outbox) override;
  /// At once where another worker has written something.
  Timestamp next_timeout() const override;

  std::uint64_t datagrams_sent() const { return sent_; }

 private:
  bool read_links(Timestamp now);

  core::WorkerCore& core_;
  const std::vector<LinkForTest*> inbound_;
  CollectingSink sink_;
  std::uint64_t sent_ = 0;
};

}  // namespace sfu::sim

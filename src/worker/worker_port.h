#pragma once

#include <cstdint>
#include <optional>

#include "core/commands.h"
#include "core/events.h"
#include "worker/heartbeat.h"

namespace sfu::worker {

/// Where the service hands commands to one worker. Every command is answered by exactly one Reply
/// with its request id, through the FIFO that also carries the worker's own events; the owner of
/// the port delivers these on the service thread.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;

  /// Never blocks. A mailbox that is full is answered with CommandError::LimitReached.
  virtual void post(core::RequestId request, core::Command command) = 0;

  /// What its loop is at. Of one without a loop: nothing.
  virtual std::optional<Pulse> pulse() const { return std::nullopt; }
};

}  // namespace sfu::worker

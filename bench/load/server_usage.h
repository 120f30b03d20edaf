#pragma once

#include <cstdint>
#include <vector>

#include "load/clock.h"

namespace sfu::load {

/// What a server has used since it started.
struct ServerUsage {
  Nanoseconds cpu{};     // All threads of the process and of its children (schedstat).
  Nanoseconds user{};    // The same in the kernel's ticks, in user mode;
  Nanoseconds system{};  // and in the kernel.
  /// Of the core, whoever caused it. What interrupts a process is in `cpu` too, unless the kernel
  /// accounts for interrupts apart (CONFIG_IRQ_TIME_ACCOUNTING).
  Nanoseconds softirq{};
  std::uint64_t resident_bytes = 0;
};

/// Reads it from /proc.
class ServerProbe {
 public:
  /// `pid` 0 and `core` -1 stand for nothing.
  ServerProbe(int pid, int core) : pid_(pid), core_(core) {}

  ServerUsage read() const;
  bool has_process() const { return pid_ != 0; }

 private:
  int pid_;
  int core_;
};

}  // namespace sfu::load

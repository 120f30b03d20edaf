#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/units.h"
#include "io/file_descriptor.h"

namespace sfu::load {

/// epoll over the sockets of all participants.
class Poller {
 public:
  enum class Kind : std::uint8_t { Signaling, Media };
  struct Ready {
    std::uint32_t slot;
    Kind kind;
  };
  static constexpr std::size_t kBatch = 64;

  Poller();

  /// Signaling is told of changes alone: who hears of one reads and writes until no more goes.
  void watch(int fd, std::uint32_t slot, Kind kind);
  /// Waits no longer than `patience`. The answer is good until the next call.
  ///
  /// With a `nap`, what arrives wakes nobody: where nothing is there, the thread sleeps for that
  /// long by the clock and looks again. To wake a process is work of whoever sends, which on one
  /// machine is the server; a client behind a network card costs it nothing.
  std::span<const Ready> wait(TimeDelta patience, TimeDelta nap);

 private:
  std::span<const Ready> poll(TimeDelta patience);

  io::FileDescriptor fd_;
  std::array<epoll_event, kBatch> events_;
  std::array<Ready, kBatch> ready_;
};

}  // namespace sfu::load

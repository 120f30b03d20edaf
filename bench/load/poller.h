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
  std::span<const Ready> wait(TimeDelta patience);

 private:
  io::FileDescriptor fd_;
  std::array<epoll_event, kBatch> events_;
  std::array<Ready, kBatch> ready_;
};

}  // namespace sfu::load

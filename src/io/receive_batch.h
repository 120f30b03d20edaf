#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/endpoint.h"
#include "base/packet_buffer.h"
#include "io/socket_address.h"

namespace sfu::io {

/// What one recvmmsg() needs, set up once: between calls only what the last one has used is made
/// ready again. It holds addresses of itself, so it stays where it is.
class ReceiveBatch {
 public:
  static constexpr std::size_t kCapacity = 64;

  struct Message {
    PacketBuffer buffer;  // Null where the datagram was larger.
    std::size_t size = 0;
    Endpoint remote;
    std::optional<IpAddress> destination;     // IP_PKTINFO
    std::int64_t wall_clock_us = 0;           // SO_TIMESTAMPNS; 0 without it.
    std::optional<std::uint32_t> overflowed;  // SO_RXQ_OVFL: all that the socket has dropped.
  };

  ReceiveBatch();
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  /// Makes ready for read() with buffers of `arena`; says for how many datagrams. Buffers that
  /// read() does not fill stay for the next time, so the arena outlives this.
  std::size_t refill(PacketArena& arena);
  /// Reads what has arrived; returns the number of messages.
  std::size_t read(int fd);
  /// What read() gave, each once.
  Message take(std::size_t index);

 private:
  static constexpr std::size_t kControlBytes = 128;

  void make_ready(std::size_t index);

  std::array<PacketBuffer, kCapacity> buffers_;
  std::array<mmsghdr, kCapacity> messages_{};
  std::array<iovec, kCapacity> parts_{};
  std::array<SocketAddress, kCapacity> senders_;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kCapacity> controls_;
  std::size_t used_ = kCapacity;  // From the first on: to be made ready again.
  std::size_t ready_ = 0;
};

}  // namespace sfu::io

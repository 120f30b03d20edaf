#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "io/file_descriptor.h"
#include "load/clock.h"

namespace sfu::load {

/// What one call of receive() brought. One for the whole process will do.
struct DatagramBatch {
  static constexpr std::size_t kSize = 32;
  static constexpr std::size_t kMaxDatagram = 2048;
  struct Item {
    std::array<std::uint8_t, kMaxDatagram> bytes;
    std::size_t size = 0;
    Nanoseconds arrived_at{};  // In the socket, by the kernel's clock made monotonic.
  };
  std::array<Item, kSize> items;
  std::size_t count = 0;
};

/// A client's UDP socket, connected to the one address that its server has. One datagram for each
/// send call and one for each buffer received: neither GSO nor GRO, as from a network.
class DatagramSocket {
 public:
  static Result<DatagramSocket, std::string> connect(const Endpoint& server);

  int fd() const { return fd_.get(); }
  /// A datagram that the kernel refuses is lost, as on a network.
  void send(Bytes datagram);
  /// Reads what is there, at most one batch. `realtime_offset` is monotonic_minus_realtime().
  void receive(Nanoseconds realtime_offset, DatagramBatch& batch);

  /// Datagrams that this socket's buffer had no room for: lost by this process, not by the server.
  std::uint64_t overflows() const { return overflows_; }

 private:
  explicit DatagramSocket(io::FileDescriptor fd) : fd_(std::move(fd)) {}

  io::FileDescriptor fd_;
  std::uint32_t overflows_ = 0;
};

}  // namespace sfu::load

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/datagram_sink.h"
#include "io/udp_socket.h"

namespace sfu::worker {

/// Gathers the datagrams of one flush in one buffer and sends them in batches, each from the socket
/// that listens on its path's local address.
class BatchSender final : public DatagramSink {
 public:
  /// `sockets` outlives the sender.
  explicit BatchSender(std::vector<io::UdpSocket>& sockets);

  MutableBytes reserve(std::size_t capacity) override;
  void commit(const Path& path, std::size_t size) override;

  void send();

 private:
  static constexpr std::size_t kBufferBytes = 256 * 1024;

  io::UdpSocket& socket_for(const Path& path);

  std::vector<io::UdpSocket>& sockets_;
  const std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t used_ = 0;
  std::vector<io::OutgoingDatagram> queue_;
};

}  // namespace sfu::worker

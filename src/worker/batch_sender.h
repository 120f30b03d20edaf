#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/datagram_sink.h"
#include "io/group_sender.h"
#include "io/udp_socket.h"

namespace sfu::worker {

/// Gathers the datagrams of one flush in one buffer and sends them in batches, each from the socket
/// that listens on its path's local address.
class BatchSender final : public DatagramSink {
 public:
  /// `sockets` outlives the sender. `segmentation`: as io::GroupSender has it.
  BatchSender(std::vector<io::UdpSocket>& sockets, bool segmentation);

  MutableBytes room() override;
  void commit(const Path& path, std::size_t size, std::size_t datagram_size) override;
  void send() override;

  const io::GroupSender& groups() const { return sender_; }

 private:
  static constexpr std::size_t kBufferBytes = 128 * 1024;
  static_assert(kBufferBytes >= kMinRoom);

  io::UdpSocket& socket_for(const Path& path);

  std::vector<io::UdpSocket>& sockets_;
  io::GroupSender sender_;
  const std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t used_ = 0;
  std::vector<io::DatagramGroup> queue_;
};

}  // namespace sfu::worker

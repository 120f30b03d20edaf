#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/datagram_sink.h"
#include "io/group_sender.h"
#include "io/udp_socket.h"
#include "worker/stream_connections.h"

namespace sfu::worker {

/// Gathers the datagrams of one flush in one buffer and sends them in batches, each from the socket
/// that listens on its path's local address, or on the connection of its path.
class BatchSender final : public DatagramSink {
 public:
  /// `sockets` and `streams` outlive the sender. `segmentation`: as io::GroupSender has it.
  BatchSender(std::vector<io::UdpSocket>& sockets, StreamConnections& streams, bool segmentation);

  /// A flush begins.
  void begin(Timestamp now) { now_ = now; }
  MutableBytes room() override;
  void commit(const Path& path, std::size_t size, std::size_t datagram_size) override;
  void send() override;

  const io::GroupSender& groups() const { return sender_; }

 private:
  static constexpr std::size_t kBufferBytes = 128 * 1024;
  static_assert(kBufferBytes >= kMinRoom);

  void send_on_streams();
  io::UdpSocket& socket_for(const Path& path);

  std::vector<io::UdpSocket>& sockets_;
  StreamConnections& streams_;
  io::GroupSender sender_;
  const std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t used_ = 0;
  std::vector<io::DatagramGroup> queue_;
  std::vector<io::DatagramGroup> stream_queue_;
  Timestamp now_{};
};

}  // namespace sfu::worker

#include "worker/batch_sender.h"

#include <algorithm>

#include "base/check.h"

namespace sfu::worker {

BatchSender::BatchSender(std::vector<io::UdpSocket>& sockets, StreamConnections& streams,
                         bool segmentation)
    : sockets_(sockets),
      streams_(streams),
      sender_(segmentation),
      buffer_(new std::uint8_t[kBufferBytes]) {}

MutableBytes BatchSender::room() { return {buffer_.get() + used_, kBufferBytes - used_}; }

void BatchSender::commit(const Path& path, std::size_t size, std::size_t datagram_size) {
  SFU_CHECK(size <= kBufferBytes - used_);
  auto& queue = path.protocol == IpProtocol::Udp ? queue_ : stream_queue_;
  queue.emplace_back(path, Bytes(buffer_.get() + used_, size), datagram_size);
  used_ += size;
}

void BatchSender::send() {
  auto first = queue_.begin();
  while (first != queue_.end()) {
    io::UdpSocket& socket = socket_for(first->path);
    const auto last = std::find_if(first, queue_.end(), [&](const io::DatagramGroup& group) {
      return &socket_for(group.path) != &socket;
    });
    sender_.send(socket, {first, last});
    first = last;
  }
  queue_.clear();
  if (!stream_queue_.empty()) send_on_streams();
  used_ = 0;
}

void BatchSender::send_on_streams() {
  for (const io::DatagramGroup& group : stream_queue_) streams_.queue(now_, group);
  streams_.flush();
  stream_queue_.clear();
}

io::UdpSocket& BatchSender::socket_for(const Path& path) {
  if (sockets_.size() == 1) return sockets_.front();
  const auto matches = [&](const io::UdpSocket& socket) {
    const Endpoint& local = socket.local();
    return local.port == path.local.port &&
           (local.ip == path.local.ip ||
            (local.ip.is_unspecified() && local.ip.is_v4() == path.local.ip.is_v4()));
  };
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), matches);
  return found == sockets_.end() ? sockets_.front() : *found;
}

}  // namespace sfu::worker

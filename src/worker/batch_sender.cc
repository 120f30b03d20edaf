#include "worker/batch_sender.h"

#include <algorithm>

#include "base/check.h"

namespace sfu::worker {

BatchSender::BatchSender(std::vector<io::UdpSocket>& sockets)
    : sockets_(sockets), buffer_(new std::uint8_t[kBufferBytes]) {}

MutableBytes BatchSender::reserve(std::size_t capacity) {
  SFU_CHECK(capacity <= kBufferBytes);
  if (used_ + capacity > kBufferBytes) send();
  return {buffer_.get() + used_, capacity};
}

void BatchSender::commit(const Path& path, std::size_t size) {
  queue_.push_back({path, Bytes(buffer_.get() + used_, size)});
  used_ += size;
}

void BatchSender::send() {
  auto first = queue_.begin();
  while (first != queue_.end()) {
    io::UdpSocket& socket = socket_for(first->path);
    const auto last = std::find_if(first, queue_.end(), [&](const io::OutgoingDatagram& datagram) {
      return &socket_for(datagram.path) != &socket;
    });
    socket.send({first, last});
    first = last;
  }
  queue_.clear();
  used_ = 0;
}

io::UdpSocket& BatchSender::socket_for(const Path& path) {
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

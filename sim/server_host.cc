#include "sim/server_host.h"

#include <algorithm>

namespace sfu::sim {
namespace {

class SinkToOutbox final : public DatagramSink {
 public:
  explicit SinkToOutbox(Outbox& outbox) : outbox_(outbox) {}

  MutableBytes reserve(std::size_t capacity) override {
    room_.resize(std::max(room_.size(), capacity));
    return MutableBytes(room_).first(capacity);
  }
  void commit(const Path& path, std::size_t size) override {
    outbox_.send(path, Bytes(room_).first(size));
    ++sent;
  }

  std::uint64_t sent = 0;

 private:
  Outbox& outbox_;
  std::vector<std::uint8_t> room_;
};

}  // namespace

void ServerHost::handle_datagram(Timestamp now, const Path& path, Bytes datagram) {
  PacketBuffer buffer = core_.arena().allocate();
  if (!buffer || datagram.size() > PacketBuffer::kCapacity) return;
  std::copy(datagram.begin(), datagram.end(), buffer.room().begin());
  buffer.set_size(datagram.size());
  core_.handle_datagram(now, path, std::move(buffer));
}

void ServerHost::flush(Timestamp now, Outbox& outbox) {
  SinkToOutbox sink(outbox);
  core_.flush(now, sink);
  sent_ += sink.sent;
}

}  // namespace sfu::sim

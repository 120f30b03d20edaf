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

bool ServerHost::read_links(Timestamp now) {
  bool any = false;
  for (LinkForTest* link : inbound_) {
    any |= !link->empty();
    link->read([&](Bytes message) { core_.handle_link_message(now, message); });
  }
  return any;
}

Timestamp ServerHost::next_timeout() const {
  for (const LinkForTest* link : inbound_)
    if (!link->empty()) return Timestamp::min();
  return core_.next_timeout().value_or(Timestamp::max());
}

void ServerHost::flush(Timestamp now, Outbox& outbox) {
  if (read_links(now)) core_.handle_timeout(now);
  core_.flush_links(now);
  SinkToOutbox sink(outbox);
  core_.flush(now, sink);
  sent_ += sink.sent;
}

}  // namespace sfu::sim

#include "sim/server_host.h"

#include <algorithm>

namespace sfu::sim {

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
  return std::min(core_.next_timeout().value_or(Timestamp::max()),
                  core_.flush_due().value_or(Timestamp::max()));
}

void ServerHost::flush(Timestamp now, Outbox& outbox) {
  if (read_links(now)) core_.handle_timeout(now);
  core_.flush_links(now);
  const auto due = core_.flush_due();
  if (!due || *due > now) return;
  core_.flush(now, sink_);
  for (const auto& [path, datagram] : sink_.take_sent()) {
    outbox.send(path, datagram);
    ++sent_;
  }
}

}  // namespace sfu::sim

#include "transport/send_batch.h"

#include <algorithm>

namespace sfu::transport {

void SendBatch::add_control(const Path& path, Bytes datagram) {
  if (control_bytes_.size() + datagram.size() > kMaxControlBytes) return;
  control_.push_back({path, control_bytes_.size(), datagram.size()});
  control_bytes_.insert(control_bytes_.end(), datagram.begin(), datagram.end());
}

void SendBatch::flush_control(FlushWriter& writer) {
  for (const Control& entry : control_) {
    const Bytes datagram = Bytes(control_bytes_).subspan(entry.offset, entry.size);
    std::copy(datagram.begin(), datagram.end(), writer.reserve(entry.size).begin());
    writer.add(entry.path, entry.size);
  }
  control_.clear();
  control_bytes_.clear();
}

media::OutgoingPacket* SendBatch::allocate() {
  if (free_.empty()) {
    if ((chunks_.size() + 1) * kChunk > kMaxMediaPackets) return nullptr;
    chunks_.push_back(std::make_unique<media::OutgoingPacket[]>(kChunk));
    free_.reserve(chunks_.size() * kChunk);
    for (std::size_t i = kChunk; i-- > 0;) free_.push_back(&chunks_.back()[i]);
  }
  media::OutgoingPacket* packet = free_.back();
  free_.pop_back();
  return packet;
}

}  // namespace sfu::transport

#include "media/history.h"

#include <algorithm>
#include <utility>

namespace sfu::media {

const ReceivedPacket& History::hold(ReceivedPacket&& packet) {
  held_.emplace(std::move(packet));
  return *held_;
}

const ReceivedPacket& History::add(Timestamp now, ReceivedPacket&& packet) {
  held_.reset();
  const std::int64_t sequence = packet.sequence;
  if (!newest_) oldest_ = sequence;
  if (sequence < oldest_) return hold(std::move(packet));

  make_room_for(sequence);
  if (ring_[place(sequence)]) return hold(std::move(packet));
  newest_ = std::max(newest_.value_or(sequence), sequence);
  bytes_ += packet.buffer.bytes().size();
  ++packets_;
  auto& slot = ring_[place(sequence)];
  slot.emplace(std::move(packet));
  expire(now);
  return *slot;
}

const ReceivedPacket* History::find(std::int64_t sequence) const {
  if (!newest_ || sequence < oldest_ || sequence > *newest_) return nullptr;
  const auto& slot = ring_[place(sequence)];
  return slot && slot->sequence == sequence ? &*slot : nullptr;
}

void History::expire(Timestamp now) {
  // The packet that was just added stays, whatever the bounds.
  while (packets_ > 1) {
    const auto& oldest = ring_[place(oldest_)];
    const bool wanted = oldest && now - oldest->arrival <= kMaxAge && bytes_ <= kMaxBytes;
    if (wanted) return;
    drop_oldest();
  }
}

void History::clear() {
  while (packets_ > 0) drop_oldest();
  held_.reset();
  newest_.reset();
}

void History::make_room_for(std::int64_t sequence) {
  const auto span = [&] { return static_cast<std::size_t>(sequence - oldest_) + 1; };
  while (packets_ > 0 && span() > kMaxPackets) drop_oldest();
  if (packets_ == 0) oldest_ = sequence;
  if (span() <= ring_.size()) return;

  std::size_t slots = std::max(ring_.size(), kFirstSlots);
  while (slots < span()) slots *= 2;
  std::vector<std::optional<ReceivedPacket>> ring(slots);
  ring_.swap(ring);
  for (auto& slot : ring)
    if (slot) ring_[place(slot->sequence)].emplace(std::move(*slot));
}

void History::drop_oldest() {
  auto& slot = ring_[place(oldest_)];
  if (slot) {
    bytes_ -= slot->buffer.bytes().size();
    --packets_;
    slot.reset();
  }
  ++oldest_;
}

}  // namespace sfu::media

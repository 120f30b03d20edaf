#include "base/packet_buffer.h"

#include "base/check.h"

namespace sfu {

void PacketBuffer::set_size(std::size_t size) {
  SFU_CHECK(size <= kCapacity);
  slot_->size = static_cast<std::uint32_t>(size);
}

PacketBuffer PacketArena::allocate() {
  if (!free_) {
    if (capacity() >= max_buffers_) return {};
    add_slab();
  }
  Slot* slot = std::exchange(free_, free_->next_free);
  slot->references = 1;
  slot->size = 0;
  ++in_use_;
  return PacketBuffer(slot);
}

void PacketArena::add_slab() {
  auto slab = std::unique_ptr<Slot[]>(new Slot[kSlabBuffers]);  // Left uninitialised on purpose.
  for (std::size_t i = 0; i < kSlabBuffers; ++i) {
    slab[i].arena = this;
    slab[i].next_free = free_;
    free_ = &slab[i];
  }
  slabs_.push_back(std::move(slab));
}

void PacketArena::take_back(Slot* slot) {
  slot->next_free = free_;
  free_ = slot;
  --in_use_;
}

}  // namespace sfu

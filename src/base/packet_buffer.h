#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sfu {

class PacketArena;

/// A counted reference to one datagram's bytes in its worker's arena. Copying it shares the bytes:
/// the history and every consumer's queue hold the same packet. Not thread-safe: an arena and all
/// that came from it belong to one worker.
class PacketBuffer {
 public:
  /// Room for the largest datagram that fits Ethernet, and for what a cipher appends.
  static constexpr std::size_t kCapacity = 2048 - 32;

  PacketBuffer() = default;
  PacketBuffer(const PacketBuffer& other) : slot_(other.slot_) {
    if (slot_) ++slot_->references;
  }
  PacketBuffer(PacketBuffer&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  PacketBuffer& operator=(PacketBuffer other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~PacketBuffer() { release(); }

  explicit operator bool() const { return slot_ != nullptr; }
  Bytes bytes() const { return {slot_->data, slot_->size}; }
  MutableBytes mutable_bytes() { return {slot_->data, slot_->size}; }
  /// All of the room, for filling; set_size() then says how much was used.
  MutableBytes room() { return {slot_->data, kCapacity}; }
  void set_size(std::size_t size);

 private:
  friend class PacketArena;
  struct Slot {
    PacketArena* arena;
    Slot* next_free;
    std::uint32_t references;
    std::uint32_t size;
    alignas(8) std::uint8_t data[kCapacity];
  };

  explicit PacketBuffer(Slot* slot) : slot_(slot) {}
  void release();

  Slot* slot_ = nullptr;
};

/// Hands out packet buffers and takes them back. Grows by slabs up to its limit and never shrinks:
/// in steady state nothing is allocated. It must outlive its buffers.
class PacketArena {
 public:
  /// `max_buffers` bounds the memory: 2 KiB each.
  explicit PacketArena(std::size_t max_buffers = 256 * 1024) : max_buffers_(max_buffers) {}
  PacketArena(const PacketArena&) = delete;
  PacketArena& operator=(const PacketArena&) = delete;

  /// An empty buffer, or a null one when the limit is reached.
  PacketBuffer allocate();

  std::size_t in_use() const { return in_use_; }
  std::size_t capacity() const { return slabs_.size() * kSlabBuffers; }

 private:
  friend class PacketBuffer;
  static constexpr std::size_t kSlabBuffers = 128;
  using Slot = PacketBuffer::Slot;

  void add_slab();
  void take_back(Slot* slot);

  const std::size_t max_buffers_;
  std::vector<std::unique_ptr<Slot[]>> slabs_;
  Slot* free_ = nullptr;
  std::size_t in_use_ = 0;
};

inline void PacketBuffer::release() {
  if (slot_ && --slot_->references == 0) slot_->arena->take_back(slot_);
  slot_ = nullptr;
}

}  // namespace sfu

#include "worker/worker_link.h"

#include <bit>

#include "base/check.h"

namespace sfu::worker {

WorkerLink::WorkerLink(std::size_t capacity) : capacity_(capacity) {
  SFU_CHECK(std::has_single_bit(capacity) && capacity >= 2 * kHeader);
}

MutableBytes WorkerLink::reserve(std::size_t size) {
  const std::size_t wanted = footprint(size);
  SFU_CHECK(wanted <= capacity_ / 2);
  if (!ring_) ring_.reset(new std::uint8_t[capacity_]);
  const std::size_t to_end = room_to_end(written_);
  const std::size_t skipped = wanted > to_end ? to_end : 0;
  if (!fits(skipped + wanted)) return {};
  if (skipped > 0) std::memcpy(at(written_), &kSkip, kHeader);
  const std::uint64_t begin = written_ + skipped;
  const std::uint64_t header = size;
  std::memcpy(at(begin), &header, kHeader);
  reserved_ = begin + wanted;
  return {at(begin) + kHeader, size};
}

bool WorkerLink::fits(std::size_t bytes) {
  if (written_ + bytes - known_read_ <= capacity_) return true;
  known_read_ = read_index_.load(std::memory_order_acquire);
  return written_ + bytes - known_read_ <= capacity_;
}

void WorkerLink::commit() { written_ = reserved_; }

bool WorkerLink::publish() {
  if (written_ == shown_) return false;
  write_index_.store(written_, std::memory_order_seq_cst);
  known_read_ = read_index_.load(std::memory_order_seq_cst);
  const bool had_read_all = known_read_ == shown_;
  shown_ = written_;
  return had_read_all;
}

}  // namespace sfu::worker

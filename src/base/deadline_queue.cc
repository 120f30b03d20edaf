#include "base/deadline_queue.h"

#include <algorithm>
#include <utility>

namespace sfu {

void DeadlineQueue::set(Slot slot, std::optional<Timestamp> deadline) {
  if (slot >= position_.size()) {
    if (!deadline) return;
    position_.resize(slot + std::size_t{1}, kAbsent);
  }
  const std::size_t at = position_[slot];
  if (!deadline) {
    if (at != kAbsent) remove(at);
    return;
  }
  if (at == kAbsent) {
    heap_.push_back({*deadline, slot});
    position_[slot] = heap_.size() - 1;
    sift_up(heap_.size() - 1);
    return;
  }
  const Timestamp before = std::exchange(heap_[at].deadline, *deadline);
  if (*deadline < before) sift_up(at);
  if (*deadline > before) sift_down(at);
}

std::optional<DeadlineQueue::Slot> DeadlineQueue::pop_due(Timestamp now) {
  if (heap_.empty() || heap_.front().deadline > now) return std::nullopt;
  const Slot slot = heap_.front().slot;
  remove(0);
  return slot;
}

void DeadlineQueue::place(std::size_t at, Entry entry) {
  heap_[at] = entry;
  position_[entry.slot] = at;
}

void DeadlineQueue::sift_up(std::size_t at) {
  const Entry entry = heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (heap_[parent].deadline <= entry.deadline) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, entry);
}

void DeadlineQueue::sift_down(std::size_t at) {
  const Entry entry = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].deadline < heap_[child].deadline) ++child;
    if (entry.deadline <= heap_[child].deadline) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, entry);
}

void DeadlineQueue::remove(std::size_t at) {
  position_[heap_[at].slot] = kAbsent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  place(at, last);
  sift_up(at);
  sift_down(position_[last.slot]);
}

}  // namespace sfu

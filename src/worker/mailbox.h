#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace sfu::worker {

/// A bounded queue from any thread to one reader. The lock is held for a push or a swap, and never
/// on the way of a packet.
template <class Message>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) {}

  /// False when it is full; else true, and `was_empty` says whether the reader needs a wake-up.
  bool push(Message message, bool& was_empty) {
    const std::lock_guard lock(mutex_);
    if (messages_.size() >= capacity_) return false;
    was_empty = messages_.empty();
    messages_.push_back(std::move(message));
    return true;
  }

  /// Takes all that is there, in order, into `out`, whose former content is dropped.
  void take_all(std::vector<Message>& out) {
    out.clear();
    const std::lock_guard lock(mutex_);
    std::swap(messages_, out);
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::vector<Message> messages_;
};

}  // namespace sfu::worker

#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "base/link_writer.h"

namespace sfu {

/// A link within one thread, for tests and the simulator.
class LinkForTest final : public LinkWriter {
 public:
  MutableBytes reserve(std::size_t size) override {
    if (waiting_bytes_ + size > capacity) return {};
    reserved_.resize(size);
    return reserved_;
  }
  void commit() override {
    waiting_bytes_ += reserved_.size();
    messages_.push_back(std::move(reserved_));
    reserved_ = {};
  }

  bool empty() const { return messages_.empty(); }
  std::size_t size() const { return messages_.size(); }
  /// Calls `visit(Bytes)` for each message, those included that come while it reads.
  template <class Visit>
  void read(Visit visit) {
    while (!messages_.empty()) {
      const std::vector<std::uint8_t> message = std::move(messages_.front());
      messages_.pop_front();
      waiting_bytes_ -= message.size();
      visit(Bytes(message));
    }
  }

  std::size_t capacity = 1024 * 1024;  // Bytes that may wait.

 private:
  std::deque<std::vector<std::uint8_t>> messages_;
  std::vector<std::uint8_t> reserved_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace sfu

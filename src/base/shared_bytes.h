#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace sfu {

/// Immutable bytes with a count of their holders: written once, queued at many connections. The
/// count is plain, so all copies belong to one thread.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(Bytes bytes);
  explicit SharedBytes(std::string_view text) : SharedBytes(as_bytes(text)) {}
  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_) ++block_->holders;
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ && --block_->holders == 0) destroy();
  }

  std::size_t size() const { return block_ ? block_->size : 0; }
  Bytes bytes() const { return {data(), size()}; }
  std::string_view text() const { return as_text(bytes()); }

 private:
  struct Block {
    std::size_t holders;
    std::size_t size;  // The bytes follow.
  };
  const std::uint8_t* data() const {
    return block_ ? reinterpret_cast<const std::uint8_t*>(block_ + 1) : nullptr;
  }
  void destroy();

  Block* block_ = nullptr;
};

}  // namespace sfu

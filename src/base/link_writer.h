#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace sfu {

/// Where a worker's core puts what one other worker is to read: the near end of a link. Messages
/// arrive in order; the reader sees them once the batch that wrote them is over.
class LinkWriter {
 public:
  static constexpr std::size_t kAlignment = 8;

  /// Room for a message of `size` bytes at an address that is a multiple of kAlignment; empty where
  /// the link is full. Valid until commit() or the next reserve().
  virtual MutableBytes reserve(std::size_t size) = 0;
  /// The message that was reserved last is complete.
  virtual void commit() = 0;

 protected:
  ~LinkWriter() = default;
};

}  // namespace sfu

#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace sfu {

/// Where a worker's core puts the datagrams of one flush. The cipher writes straight into the room
/// that it hands out: there is no copy between encrypting and sending.
class DatagramSink {
 public:
  /// Room for one datagram of at most `capacity` bytes; valid until commit() or the next reserve().
  virtual MutableBytes reserve(std::size_t capacity) = 0;
  /// The first `size` bytes of the reserved room leave along `path`.
  virtual void commit(const Path& path, std::size_t size) = 0;

 protected:
  ~DatagramSink() = default;
};

}  // namespace sfu

#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace sfu {

/// Where a worker's core puts the datagrams of one flush. The cipher writes straight into the room
/// that it hands out: there is no copy between encrypting and sending.
class DatagramSink {
 public:
  /// What there is room for after send(), at least.
  static constexpr std::size_t kMinRoom = 64 * 1024;

  /// All that is free. It shrinks from its front by each commit(), and stays where it is until
  /// send().
  virtual MutableBytes room() = 0;
  /// The first `size` bytes of the room leave along `path`: datagrams of `datagram_size` bytes one
  /// after the other, of which the last may be shorter. They may still be written to until send().
  virtual void commit(const Path& path, std::size_t size, std::size_t datagram_size) = 0;
  /// Sends what was committed, in order, and frees the room.
  virtual void send() = 0;

 protected:
  ~DatagramSink() = default;
};

}  // namespace sfu

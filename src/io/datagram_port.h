#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace sfu::io {

/// Datagrams of one receiver, one after the other in one buffer, which is borrowed: each has
/// `datagram_size` bytes, the last may be shorter.
struct DatagramGroup {
  Path path;
  Bytes bytes;
  std::size_t datagram_size = 0;

  /// A group of one.
  DatagramGroup(const Path& p, Bytes datagram)
      : path(p), bytes(datagram), datagram_size(datagram.size()) {}
  DatagramGroup(const Path& p, Bytes datagrams, std::size_t size)
      : path(p), bytes(datagrams), datagram_size(size) {}

  std::size_t count() const {
    return bytes.size() <= datagram_size ? 1 : (bytes.size() + datagram_size - 1) / datagram_size;
  }
};

/// The way out of the machine for datagrams. It is all that sending asks of what lies below: a UDP
/// socket, or another way to the network card.
class DatagramPort {
 public:
  /// More are not taken in one call.
  static constexpr std::size_t kMaxGroups = 64;

  struct Outcome {
    std::size_t accepted = 0;  // Groups, from the first on.
    int error = 0;             // Why the next one was refused, where that is known: errno.
  };
  /// Hands over the first of `groups`, in order, each as a whole, in one call to the kernel. Where
  /// none was accepted, `error` says why.
  virtual Outcome transmit(std::span<const DatagramGroup> groups) = 0;

 protected:
  ~DatagramPort() = default;
};

}  // namespace sfu::io

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/packet_buffer.h"
#include "base/result.h"
#include "io/file_descriptor.h"

namespace sfu::io {

/// One datagram as the kernel gave it.
struct ReceivedDatagram {
  Path path;
  PacketBuffer buffer;
};

/// One datagram to send; the bytes are borrowed.
struct OutgoingDatagram {
  Path path;
  Bytes bytes;
};

/// A non-blocking UDP socket that reads and writes in batches and knows for each datagram which of
/// the machine's addresses it came to, so that an answer leaves from there (also where the socket
/// listens on a wildcard address).
class UdpSocket {
 public:
  struct Counters {
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t receive_calls = 0;
    std::uint64_t send_calls = 0;
    std::uint64_t truncated = 0;    // Larger than a packet buffer.
    std::uint64_t no_buffer = 0;    // Dropped, as the arena was at its limit.
    std::uint64_t send_failed = 0;  // Unreachable, or the send buffer was full.
  };

  static constexpr std::size_t kReceiveBatch = 64;
  static constexpr std::size_t kSendBatch = 64;

  /// Binds to `local`; port 0 takes any free one. The error says what was refused and why.
  static Result<UdpSocket, std::string> bind(const Endpoint& local);

  int fd() const { return socket_.get(); }
  const Endpoint& local() const { return local_; }

  /// Reads what has arrived, at most kReceiveBatch datagrams, into buffers from `arena`, and puts
  /// them at the end of `out`. Returns how many were read; fewer than kReceiveBatch: it is empty.
  /// Where the arena has no buffer left they are read and dropped, as a full socket would do. The
  /// arena outlives the socket, which keeps some of its buffers for the next call.
  std::size_t receive(PacketArena& arena, std::vector<ReceivedDatagram>& out);

  /// Sends in order. What the kernel refuses is counted and dropped, as a network would.
  void send(std::span<const OutgoingDatagram> datagrams);

  const Counters& counters() const { return counters_; }

 private:
  UdpSocket(FileDescriptor socket, Endpoint local) : socket_(std::move(socket)), local_(local) {}

  std::size_t discard();

  FileDescriptor socket_;
  Endpoint local_;
  std::vector<PacketBuffer> spare_;  // Receive buffers that the last call did not fill.
  Counters counters_;
};

}  // namespace sfu::io

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/packet_buffer.h"
#include "base/result.h"
#include "io/datagram_port.h"
#include "io/file_descriptor.h"
#include "io/receive_batch.h"

namespace sfu::io {

/// One datagram as the kernel gave it.
struct ReceivedDatagram {
  Path path;
  PacketBuffer buffer;
  /// When it came to the machine, by the wall clock: microseconds from the Unix epoch. 0 where the
  /// kernel does not say.
  std::int64_t wall_clock_us = 0;
};

/// Whether this kernel cuts a group into datagrams (UDP_SEGMENT, Linux 4.18).
bool kernel_has_segmentation();

/// A non-blocking UDP socket that reads and writes in batches and knows for each datagram which of
/// the machine's addresses it came to, so that an answer leaves from there (also where the socket
/// listens on a wildcard address).
class UdpSocket final : public DatagramPort {
 public:
  struct Counters {
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t receive_calls = 0;
    std::uint64_t truncated = 0;   // Larger than a packet buffer.
    std::uint64_t no_buffer = 0;   // Dropped, as the arena was at its limit.
    std::uint64_t overflowed = 0;  // Dropped by the kernel: the socket's buffer was full.
  };

  static constexpr std::size_t kReceiveBatch = ReceiveBatch::kCapacity;
  /// Asked for each way: a burst of key frames from many senders is a few megabytes; the kernel's
  /// default holds 200 KB.
  static constexpr int kBufferBytes = 8 * 1024 * 1024;

  /// Binds to `local`; port 0 takes any free one. The error says what was refused and why.
  static Result<UdpSocket, std::string> bind(const Endpoint& local);

  int fd() const { return socket_.get(); }
  const Endpoint& local() const { return local_; }
  /// What the kernel gave of kBufferBytes, for the way that got less.
  int buffer_bytes() const;

  /// Reads what has arrived, at most kReceiveBatch datagrams, into buffers from `arena`, and puts
  /// them at the end of `out`. Returns how many were read; fewer than kReceiveBatch: it is empty.
  /// Where the arena has no buffer left they are read and dropped, as a full socket would do. The
  /// arena outlives the socket, which keeps some of its buffers for the next call.
  std::size_t receive(PacketArena& arena, std::vector<ReceivedDatagram>& out);

  Outcome transmit(std::span<const DatagramGroup> groups) override;

  const Counters& counters() const { return counters_; }

 private:
  UdpSocket(FileDescriptor socket, Endpoint local);

  std::size_t discard();

  FileDescriptor socket_;
  Endpoint local_;
  std::unique_ptr<ReceiveBatch> batch_;
  std::uint32_t overflowed_ = 0;  // As the kernel told last; it wraps.
  Counters counters_;
};

}  // namespace sfu::io

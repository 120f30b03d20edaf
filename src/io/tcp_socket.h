#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "io/file_descriptor.h"

namespace sfu::io {

/// One non-blocking connection that was accepted. What is written leaves at once, and the kernel
/// queues little of what the network does not take: the rest stays with the writer, who may still
/// decide against it.
class TcpConnection {
 public:
  /// Unsent bytes beyond which the kernel takes no more (TCP_NOTSENT_LOWAT).
  static constexpr int kUnsentBytes = 16 * 1024;
  /// Asked for: what is under way on a fast and long way. It bounds what a peer that never reads
  /// costs.
  static constexpr int kBufferBytes = 512 * 1024;

  struct Read {
    std::size_t bytes = 0;
    bool ended = false;  // The peer closed its side, or the connection is broken.
  };

  TcpConnection(FileDescriptor socket, const Path& path);

  int fd() const { return socket_.get(); }
  const Path& path() const { return path_; }

  /// Reads what has arrived, at most as much as there is room for. Neither bytes nor an end: there
  /// is nothing now.
  Read read(MutableBytes room);
  /// Returns how many bytes the kernel took. What breaks a connection shows when it is read.
  std::size_t write(Bytes bytes);

 private:
  FileDescriptor socket_;
  Path path_;
};

/// A TCP socket that listens.
class TcpListener {
 public:
  enum class Refusal : std::uint8_t {
    NobodyWaits,
    OutOfResources,  // File descriptors or memory: trying again at once is of no use.
  };

  /// Binds to `local` and listens; port 0 takes any free one. The error says what was refused and
  /// why.
  static Result<TcpListener, std::string> bind(const Endpoint& local);

  int fd() const { return socket_.get(); }
  const Endpoint& local() const { return local_; }

  Result<TcpConnection, Refusal> accept();

 private:
  TcpListener(FileDescriptor socket, Endpoint local) : socket_(std::move(socket)), local_(local) {}

  FileDescriptor socket_;
  Endpoint local_;
};

}  // namespace sfu::io

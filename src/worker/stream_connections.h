#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/units.h"
#include "core/worker_core.h"
#include "ice/frame_queue.h"
#include "ice/frame_reader.h"
#include "io/datagram_port.h"
#include "io/file_descriptor.h"
#include "io/tcp_socket.h"

namespace sfu::worker {

/// One worker's TCP: the sockets that listen, and the connections on which clients that cannot use
/// UDP bring their datagrams (RFC 6544, we are the passive side). A connection is a path like any
/// other once a check on it carried a transport's password; until then it has little time and
/// little room, and with the path it ends.
class StreamConnections {
 public:
  struct Limits {
    std::size_t connections = 4096;
    /// Of those, no transport's yet. The oldest gives way: whoever only connects keeps nobody out.
    std::size_t unproven = 256;
  };
  /// From being accepted to a check with a transport's password.
  static constexpr TimeDelta kOpeningTime = std::chrono::seconds(5);
  /// Accepting rests so long where the machine has no file descriptor or memory left.
  static constexpr TimeDelta kAcceptPause = std::chrono::milliseconds(200);

  struct Counters {
    std::uint64_t connections = 0;  // Open now.
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;    // Began with something else than a check with a password of ours.
    std::uint64_t timed_out = 0;  // Proved nothing within kOpeningTime.
    std::uint64_t crowded_out = 0;      // Gave way, or found no room.
    std::uint64_t accept_failures = 0;  // Accepting had to rest.
    std::uint64_t packets_received = 0;
    std::uint64_t bytes_received = 0;  // Without the frames' headers.
    std::uint64_t unreceivable = 0;    // Datagrams that no packet buffer holds, or that found none.
    std::uint64_t packets_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t packets_dropped = 0;  // The peer read too slowly, or was gone.
  };

  /// `core` outlives the connections, which hold buffers of its arena.
  StreamConnections(core::WorkerCore& core, std::vector<io::TcpListener> listeners,
                    const Limits& limits);
  StreamConnections(core::WorkerCore& core, std::vector<io::TcpListener> listeners)
      : StreamConnections(core, std::move(listeners), Limits()) {}

  /// Readable where handle_ready() has something to do. None where nobody listens.
  std::optional<int> fd() const;
  void handle_ready(Timestamp now);
  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

  /// Queues datagrams on the connection of their path, and flush() writes what was queued.
  void queue(Timestamp now, const io::DatagramGroup& group);
  void flush();
  /// Ends the connections whose paths no transport has any more.
  void close_released(Timestamp now);

  bool empty() const { return by_path_.empty(); }
  Counters counters() const;

 private:
  using Slot = std::uint32_t;
  static constexpr std::size_t kReadBytes = 64 * 1024;  // Of one connection in one turn.
  static constexpr std::size_t kAcceptsInATurn = 64;
  static constexpr int kEventsInATurn = 64;

  struct Connection {
    explicit Connection(io::TcpConnection accepted) : socket(std::move(accepted)) {}

    io::TcpConnection socket;
    ice::FrameReader reader;
    ice::FrameQueue queue;
    Timestamp opened;
    std::optional<std::list<Slot>::iterator> unproven;  // Its place there.
    bool waits_to_write = false;                        // As epoll was told.
    bool has_queued = false;                            // It is in queued_.
  };
  /// What epoll tells of a place, so that what it found for a former connection is not for this.
  struct Place {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;
  };

  void watch_listeners(bool watch);
  void accept(Timestamp now, io::TcpListener& listener);
  bool make_room(Timestamp now);
  void add(Timestamp now, io::TcpConnection accepted);
  void read(Timestamp now, Slot slot);
  /// False where the connection has to end.
  bool take(Timestamp now, Connection& connection, PacketBuffer datagram);
  void write(Slot slot);
  void close(Timestamp now, Slot slot);
  static void add_up(Counters& counters, const Connection& connection);

  core::WorkerCore& core_;
  std::vector<io::TcpListener> listeners_;
  const Limits limits_;
  io::FileDescriptor epoll_;
  const std::unique_ptr<std::uint8_t[]> read_buffer_;
  std::vector<Place> places_;
  std::vector<Slot> free_;
  std::unordered_map<Path, Slot> by_path_;
  std::list<Slot> unproven_;  // The oldest first.
  std::vector<Slot> queued_;  // Since the last flush().
  std::optional<Timestamp> accept_again_;
  Counters counters_;  // What was sent and received: of the connections that have ended.
};

}  // namespace sfu::worker

#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <latch>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "bench/counts/agenda.h"

namespace sfu::counts {

/// The calls of the kernel that a worker's thread makes, over virtual time and a virtual network:
/// the same run makes the same calls. Other descriptors than its UDP sockets are real.
///
/// Each call takes the virtual time that it takes on a real machine, so packets go on arriving
/// while the worker works, and its batches are as long as they would be.
class VirtualKernel {
 public:
  /// Rounded from measurements on a machine with an AMD EPYC; the worker's own work for a packet is
  /// in the datagrams'. They shape the batches and are not among the counts.
  struct Costs {
    VirtualTime wait{500};
    VirtualTime wake_up{5000};  // On top, where it slept.
    VirtualTime receive_call{300};
    VirtualTime received_datagram{900};
    VirtualTime send_call{2000};
    VirtualTime sent_datagram{700};
  };
  struct Counters {
    std::uint64_t waits = 0;
    std::uint64_t wake_ups = 0;  // Waits that slept.
    std::uint64_t receive_calls = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t send_calls = 0;      // sendmmsg() saves next to nothing: each message is a call.
    std::uint64_t datagrams_sent = 0;  // Segments, where one call carries several.
    std::uint64_t bytes_sent = 0;
  };
  /// A datagram that the worker sent; `path` is its receiver's.
  using Deliver = std::function<void(VirtualTime, const Path& path, Bytes datagram)>;

  VirtualKernel(Agenda& agenda, Deliver deliver) : agenda_(agenda), deliver_(std::move(deliver)) {}

  VirtualTime now() const { return now_; }
  const Counters& counters() const { return counters_; }
  /// A datagram reaches the socket that is bound to `path.local`; called from the agenda.
  void arrive(VirtualTime now, const Path& path, Bytes datagram);
  /// From here on the worker's thread, which so far sleeps in its first wait, runs.
  void start() { started_.count_down(); }
  /// Nothing happens any more: the next wait is for real descriptors, in real time.
  void stop() { stopped_ = true; }

  // The calls. Where they fail they set errno and return -1.
  int open_socket();
  void close(int fd) { sockets_.erase(fd); }
  bool owns(int fd) const { return sockets_.contains(fd); }
  int bind(int fd, const sockaddr& address);
  int local_address(int fd, sockaddr* address, socklen_t* length) const;
  int set_option(int fd, int level, int name, const void* value, socklen_t length);
  ssize_t receive(int fd, msghdr& message);
  int receive(int fd, std::span<mmsghdr> messages);
  ssize_t send(int fd, const msghdr& message);
  int send(int fd, std::span<mmsghdr> messages);
  void watch(int epoll, int operation, int fd, const epoll_event* event);
  /// Without a timeout it waits for ever.
  int wait(int epoll, std::span<epoll_event> events, std::optional<VirtualTime> timeout);

 private:
  struct Arrived {
    VirtualTime time;
    Path path;
    std::vector<std::uint8_t> bytes;
  };
  struct Socket {
    Endpoint local;
    std::deque<Arrived> queue;
    bool stamps = false;       // SO_TIMESTAMPNS
    bool destination = false;  // IP_PKTINFO
    std::size_t segment = 0;   // UDP_SEGMENT
  };
  struct Watched {
    int epoll;
    int fd;
    epoll_event event;
  };

  bool take(Socket& socket, msghdr& message, std::size_t& size);
  ssize_t transmit(const Socket& socket, const msghdr& message);
  int collect_ready(int epoll, std::span<epoll_event> events);

  Agenda& agenda_;
  const Deliver deliver_;
  const Costs costs_{};
  VirtualTime now_{};
  std::map<int, Socket> sockets_;
  std::vector<Watched> watched_;
  Counters counters_;
  std::vector<std::uint8_t> gathered_;
  std::latch started_{1};
  bool stopped_ = false;
};

}  // namespace sfu::counts

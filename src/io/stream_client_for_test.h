#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "io/file_descriptor.h"
#include "io/socket_address.h"

namespace sfu::io {

/// A client's end of a TCP connection that carries datagrams in frames (RFC 4571). For tests: its
/// calls wait for a few seconds at most.
class StreamClient {
 public:
  using Octets = std::vector<std::uint8_t>;

  explicit StreamClient(const Endpoint& server, int receive_buffer = 0)
      : socket_(::socket(server.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0)
      setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const SocketAddress to = to_sockaddr(server);
    connected_ = ::connect(fd(), to.get(), to.length) == 0;
    SocketAddress own;
    getsockname(fd(), own.get(), &own.length);
    local_ = from_sockaddr(*own.get());
  }

  int fd() const { return socket_.get(); }
  bool connected() const { return connected_; }
  const Endpoint& local() const { return local_; }

  void send(Bytes bytes) { ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void send_frame(Bytes datagram) {
    Octets frame(2);
    store_be16(frame, 0, static_cast<std::uint16_t>(datagram.size()));
    frame.insert(frame.end(), datagram.begin(), datagram.end());
    send(frame);
  }
  /// The next datagram; none where the server has ended the connection or says nothing.
  std::optional<Octets> receive_frame(int wait_ms = 5000) {
    while (!has_frame())
      if (!read_more(wait_ms)) return std::nullopt;
    const std::size_t end = 2 + load_be16(received_, 0);
    Octets datagram(received_.begin() + 2, received_.begin() + static_cast<std::ptrdiff_t>(end));
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(end));
    return datagram;
  }
  /// Whether the server ends the connection.
  bool is_ended(int wait_ms = 5000) {
    while (!ended_ && read_more(wait_ms)) {
    }
    return ended_;
  }
  void shut_down_writing() { ::shutdown(fd(), SHUT_WR); }
  /// Ends it with RST.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void close() {
    FileDescriptor ending;
    ending = std::move(socket_);
  }
  /// Bytes that are no whole datagram yet.
  std::size_t unfinished() const { return has_frame() ? 0 : received_.size(); }

 private:
  bool has_frame() const {
    return received_.size() >= 2 && received_.size() >= 2u + load_be16(received_, 0);
  }
  bool read_more(int wait_ms) {
    pollfd waiting{fd(), POLLIN, 0};
    if (ended_ || poll(&waiting, 1, wait_ms) != 1) return false;
    std::array<std::uint8_t, 16384> buffer;
    const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), 0);
    ended_ = count <= 0;
    if (!ended_) received_.insert(received_.end(), buffer.begin(), buffer.begin() + count);
    return !ended_;
  }

  FileDescriptor socket_;
  bool connected_ = false;
  bool ended_ = false;
  Endpoint local_;
  Octets received_;
};

}  // namespace sfu::io

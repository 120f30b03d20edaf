#include "endurance/carrier.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#include "io/file_descriptor.h"
#include "io/socket_address.h"

namespace sfu::endurance {
namespace {

constexpr std::size_t kMaxDatagram = 2048;
constexpr std::size_t kFrameHeader = 2;  // RFC 4571 §2
/// Beyond it a TCP connection that does not move loses datagrams, as a queue does.
constexpr std::size_t kMaxUnsent = 256 * 1024;
/// A process that is kept from running must not lose what came meanwhile.
constexpr int kReceiveBuffer = 1024 * 1024;

io::FileDescriptor connect_to(const Endpoint& server, int type) {
  const int family = server.ip.is_v4() ? AF_INET : AF_INET6;
  io::FileDescriptor fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  const io::SocketAddress address = io::to_sockaddr(server);
  if (::connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS)
    return io::FileDescriptor();
  return fd;
}

class UdpCarrier final : public Carrier {
 public:
  explicit UdpCarrier(const Endpoint& server) : fd_(connect_to(server, SOCK_DGRAM)) {}

  void send(Bytes datagram) override {
    ::send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
  }
  void receive(const Visit& visit) override {
    std::array<std::uint8_t, kMaxDatagram> buffer;
    for (;;) {
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      // What an earlier datagram met where no server is.
      if (size < 0 && (errno == ECONNREFUSED || errno == EINTR)) continue;
      if (size < 0) return;
      visit(MutableBytes(buffer).first(static_cast<std::size_t>(size)));
    }
  }
  bool broken() const override { return !fd_; }

 private:
  io::FileDescriptor fd_;
};

class TcpCarrier final : public Carrier {
 public:
  explicit TcpCarrier(const Endpoint& server) : fd_(connect_to(server, SOCK_STREAM)) {
    const int on = 1;
    if (fd_) setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    broken_ = !fd_;
  }

  void send(Bytes datagram) override {
    if (broken_ || output_.size() > kMaxUnsent) return;
    output_ += static_cast<char>(datagram.size() >> 8);
    output_ += static_cast<char>(datagram.size() & 0xff);
    output_ += as_text(datagram);
    flush();
  }
  void receive(const Visit& visit) override {
    flush();
    std::array<char, 16 * 1024> buffer;
    while (!broken_) {
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
      if (size <= 0) {
        broken_ = true;
        break;
      }
      input_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    hand_out(visit);
  }
  bool broken() const override { return broken_; }

 private:
  void flush() {
    while (!broken_ && !output_.empty()) {
      const ssize_t sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        broken_ = errno != EAGAIN && errno != ENOTCONN;
        return;
      }
      output_.erase(0, static_cast<std::size_t>(sent));
    }
  }
  void hand_out(const Visit& visit) {
    std::size_t at = 0;
    while (input_.size() - at >= kFrameHeader) {
      const std::size_t size = load_be16(as_bytes(input_), at);
      if (input_.size() - at - kFrameHeader < size) break;
      visit(MutableBytes(reinterpret_cast<std::uint8_t*>(input_.data()) + at + kFrameHeader, size));
      at += kFrameHeader + size;
    }
    input_.erase(0, at);
  }

  io::FileDescriptor fd_;
  bool broken_ = false;
  std::string output_;
  std::string input_;
};

}  // namespace

std::unique_ptr<Carrier> Carrier::open(IpProtocol protocol, const Endpoint& server) {
  if (protocol == IpProtocol::Tcp) return std::make_unique<TcpCarrier>(server);
  return std::make_unique<UdpCarrier>(server);
}

}  // namespace sfu::endurance

#include "io/tcp_socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "io/socket_address.h"

namespace sfu::io {
namespace {

/// Those that wait to be accepted; the kernel's own limit is net.core.somaxconn.
constexpr int kBacklog = 256;

std::string failure(const Endpoint& local, std::string_view step, int error) {
  return std::string("TCP ") + local.to_string() + ": " + std::string(step) + ": " +
         std::strerror(error);
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::optional<Endpoint> local_end(int fd) {
  SocketAddress address;
  if (getsockname(fd, address.get(), &address.length) != 0) return std::nullopt;
  return from_sockaddr(*address.get());
}

/// RST or a dead network before accept(): the next one may be well (accept(2), "Error handling").
bool concerns_one_connection(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
         error == ENOPROTOOPT || error == EHOSTDOWN || error == EHOSTUNREACH ||
         error == ENETUNREACH || error == EOPNOTSUPP || error == EPERM;
}

}  // namespace

TcpConnection::TcpConnection(FileDescriptor socket, const Path& path)
    : socket_(std::move(socket)), path_(path) {
  // A kernel that knows one of these not serves all the same, with more latency.
  set_option(fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
  set_option(fd(), SOL_SOCKET, SO_SNDBUF, kBufferBytes);
}

TcpConnection::Read TcpConnection::read(MutableBytes room) {
  ssize_t count = 0;
  do {
    count = ::recv(fd(), room.data(), room.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {static_cast<std::size_t>(count), false};
  return {0, count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)};
}

std::size_t TcpConnection::write(Bytes bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count =
        ::send(fd(), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  return written;
}

Result<TcpListener, std::string> TcpListener::bind(const Endpoint& local) {
  const bool v4 = local.ip.is_v4();
  FileDescriptor fd(
      ::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(failure(local, "socket", errno));
  if (!v4 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1))
    return fail(failure(local, "IPV6_V6ONLY", errno));
  // Connections of the process before this one may still be in TIME_WAIT on the port.
  if (!set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1))
    return fail(failure(local, "SO_REUSEADDR", errno));
  const SocketAddress address = to_sockaddr(local);
  if (::bind(fd.get(), address.get(), address.length) != 0)
    return fail(failure(local, "bind", errno));
  if (::listen(fd.get(), kBacklog) != 0) return fail(failure(local, "listen", errno));
  const auto bound = local_end(fd.get());
  if (!bound) return fail(failure(local, "getsockname", errno));
  return TcpListener(std::move(fd), *bound);
}

Result<TcpConnection, TcpListener::Refusal> TcpListener::accept() {
  for (int attempt = 0; attempt < kBacklog; ++attempt) {
    SocketAddress remote;
    FileDescriptor accepted(
        ::accept4(fd(), remote.get(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) {
      const auto near_end = local_end(accepted.get());
      if (!near_end) continue;
      const Path path{*near_end, from_sockaddr(*remote.get()), IpProtocol::Tcp};
      return TcpConnection(std::move(accepted), path);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Refusal::NobodyWaits);
    if (!concerns_one_connection(errno)) return fail(Refusal::OutOfResources);
  }
  return fail(Refusal::NobodyWaits);
}

}  // namespace sfu::io

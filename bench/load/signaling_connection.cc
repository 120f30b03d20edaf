#include "load/signaling_connection.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/url.hpp>
#include <cerrno>
#include <cstring>

namespace sfu::load {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;

std::string error_text(std::string_view step) {
  return std::string(step) + ": " + std::strerror(errno);
}

Result<io::FileDescriptor, std::string> connect(const ServerAddress& server, int flags) {
  io::FileDescriptor fd(
      ::socket(server.address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail(error_text("socket"));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), server.address.get(), server.address.length) != 0 && errno != EINPROGRESS)
    return fail(error_text("connect to " + server.host));
  return fd;
}

}  // namespace

Result<ServerAddress, std::string> ServerAddress::resolve(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty())
    return fail("--url must be http://host:port, not " + std::string(url));
  const std::string port = parsed->has_port() ? std::string(parsed->port()) : "80";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string name = parsed->host_address();
  if (const int error = getaddrinfo(name.c_str(), port.c_str(), &hints, &found); error != 0)
    return fail("cannot resolve " + name + ": " + gai_strerror(error));
  ServerAddress server;
  server.host = parsed->encoded_host_and_port();
  server.address.length = found->ai_addrlen;  // Of an IPv4 or IPv6 address: it fits.
  std::memcpy(server.address.get(), found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return server;
}

Result<SignalingConnection, std::string> SignalingConnection::open(const ServerAddress& server,
                                                                   std::string_view token,
                                                                   RandomSource& random) {
  auto fd = connect(server, SOCK_NONBLOCK);
  if (!fd) return fail(fd.error());
  return SignalingConnection(std::move(*fd), SocketIoClient(server.host, token, random));
}

void SignalingConnection::handle_ready(Timestamp now) {
  std::array<char, kReadSize> buffer;
  while (!closed()) {
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
    if (size <= 0) {
      broken_ = true;
      return;
    }
    client_.handle_bytes(now, {buffer.data(), static_cast<std::size_t>(size)});
  }
  flush();
}

void SignalingConnection::flush() {
  while (!broken_ && wants_to_write()) {
    const std::string_view output = client_.output();
    const ssize_t sent = ::send(fd_.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      broken_ = errno != EAGAIN && errno != ENOTCONN;
      return;
    }
    client_.consume(static_cast<std::size_t>(sent));
  }
}

Result<std::string, std::string> post_json(const ServerAddress& server, std::string_view target,
                                           std::string_view body) {
  const auto fd = connect(server, 0);
  if (!fd) return fail(fd.error());
  const timeval patience{5, 0};
  setsockopt(fd->get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string request = "POST " + std::string(target) + " HTTP/1.1\r\nHost: " + server.host +
                              "\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                              std::string(body);
  if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return fail(error_text("POST"));
  std::string answer;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::recv(fd->get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return fail(error_text("POST " + std::string(target)));
    if (size == 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  const std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 200") || end == std::string::npos)
    return fail("POST " + std::string(target) + ": " + answer.substr(0, answer.find('\r')));
  return answer.substr(end + 4);
}

}  // namespace sfu::load

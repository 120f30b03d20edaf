#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/endpoint.h"

namespace sfu::io {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// AF_INET for IPv4, AF_INET6 else.
SocketAddress to_sockaddr(const Endpoint& endpoint);

/// AF_INET or AF_INET6; anything else gives an unspecified endpoint.
Endpoint from_sockaddr(const sockaddr& address);

}  // namespace sfu::io

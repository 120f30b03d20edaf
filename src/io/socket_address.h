#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/endpoint.h"

namespace sfu::io {

/// Room for an IPv4 or IPv6 address as the kernel has it.
struct SocketAddress {
  union {
    sockaddr_in6 v6;
    sockaddr_in v4;
  };
  socklen_t length = sizeof v6;

  SocketAddress() : v6{} {}
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&v6); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&v6); }
};

/// AF_INET for IPv4, AF_INET6 else.
SocketAddress to_sockaddr(const Endpoint& endpoint);

/// AF_INET or AF_INET6; anything else gives an unspecified endpoint.
Endpoint from_sockaddr(const sockaddr& address);

}  // namespace sfu::io

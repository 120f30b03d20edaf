#include "io/socket_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace sfu::io {

SocketAddress to_sockaddr(const Endpoint& endpoint) {
  SocketAddress result;
  if (endpoint.ip.is_v4()) {
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(endpoint.port);
    result.v4.sin_addr.s_addr = htonl(endpoint.ip.v4_value());
    result.length = sizeof result.v4;
  } else {
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(endpoint.port);
    std::memcpy(&result.v6.sin6_addr, endpoint.ip.bytes().data(), 16);
  }
  return result;
}

Endpoint from_sockaddr(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    return {IpAddress::v6(bytes), ntohs(v6.sin6_port)};
  }
  return {};
}

}  // namespace sfu::io

#include "base/endpoint.h"

#include <arpa/inet.h>

#include <cstring>

namespace sfu {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;  // inet_pton would stop there.
  const std::string terminated(text);
  in_addr v4_address{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4_address) == 1) return v4(ntohl(v4_address.s_addr));
  std::array<std::uint8_t, 16> v6_address{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6_address.data()) == 1) return v6(v6_address);
  return std::nullopt;
}

bool IpAddress::is_unspecified() const {
  return is_v4() ? v4_value() == 0 : bytes_ == std::array<std::uint8_t, 16>{};
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return v4_value() >> 24 == 127;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return bytes_ == one;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return v4_value() >> 16 == 0xA9FE;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    const in_addr address{htonl(v4_value())};
    inet_ntop(AF_INET, &address, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

std::string Endpoint::to_string() const {
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  return host + ":" + std::to_string(port);
}

}  // namespace sfu

namespace {

/// Spreads every input bit over the result (the finalizer of SplitMix64).
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::size_t std::hash<sfu::IpAddress>::operator()(const sfu::IpAddress& address) const {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes().data(), sizeof halves);
  return mix(halves[0] ^ mix(halves[1]));
}

std::size_t std::hash<sfu::Endpoint>::operator()(const sfu::Endpoint& endpoint) const {
  return mix(std::hash<sfu::IpAddress>{}(endpoint.ip) + endpoint.port);
}

std::size_t std::hash<sfu::Path>::operator()(const sfu::Path& path) const {
  return mix(
      std::hash<sfu::Endpoint>{}(path.remote) ^
      mix(std::hash<sfu::Endpoint>{}(path.local) + static_cast<std::uint64_t>(path.protocol)));
}

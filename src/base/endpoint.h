#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sfu {

/// An IPv4 or IPv6 address. IPv4 is held in its mapped form (RFC 4291 §2.5.5.2), so that both
/// compare and hash alike and an IPv4 peer of a dual-stack socket is the same peer.
class IpAddress {
 public:
  constexpr IpAddress() = default;  // The unspecified IPv6 address "::".

  static constexpr IpAddress v4(std::uint32_t host_order) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;
    for (std::size_t i = 0; i < 4; ++i)
      address.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return address;
  }
  static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& network_order) {
    IpAddress address;
    address.bytes_ = network_order;
    return address;
  }
  /// Reads "192.0.2.1" or "2001:db8::1"; no port, no brackets, no zone.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr bool is_v4() const {
    for (std::size_t i = 0; i < 10; ++i)
      if (bytes_[i] != 0) return false;
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }
  /// Host order. Only where is_v4().
  constexpr std::uint32_t v4_value() const {
    return static_cast<std::uint32_t>(bytes_[12]) << 24 |
           static_cast<std::uint32_t>(bytes_[13]) << 16 |
           static_cast<std::uint32_t>(bytes_[14]) << 8 | bytes_[15];
  }
  /// Network order, IPv4 mapped.
  constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  bool is_unspecified() const;  // 0.0.0.0 or ::
  bool is_loopback() const;     // 127.0.0.0/8 or ::1
  bool is_link_local() const;   // 169.254.0.0/16 or fe80::/10

  std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;

  std::string to_string() const;  // "192.0.2.1:3478", "[2001:db8::1]:3478"

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

enum class IpProtocol : std::uint8_t { Udp, Tcp };

/// Where a datagram came from and which of our own addresses it came to: an answer goes back along
/// the same path, also on a machine with several addresses.
struct Path {
  Endpoint local;
  Endpoint remote;
  IpProtocol protocol = IpProtocol::Udp;

  friend constexpr auto operator<=>(const Path&, const Path&) = default;
};

}  // namespace sfu

template <>
struct std::hash<sfu::IpAddress> {
  std::size_t operator()(const sfu::IpAddress& address) const;
};
template <>
struct std::hash<sfu::Endpoint> {
  std::size_t operator()(const sfu::Endpoint& endpoint) const;
};
template <>
struct std::hash<sfu::Path> {
  std::size_t operator()(const sfu::Path& path) const;
};

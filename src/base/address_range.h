#pragma once

#include <optional>
#include <string_view>

#include "base/endpoint.h"

namespace sfu {

/// An address and all that share its first bits: "192.0.2.0/24", "2001:db8::/32"; without a length
/// the one address.
class AddressRange {
 public:
  /// Nothing for what is no address or whose length is longer than an address. Bits beyond the
  /// length do not matter.
  static std::optional<AddressRange> parse(std::string_view text);

  bool contains(const IpAddress& address) const;

  friend bool operator==(const AddressRange&, const AddressRange&) = default;

 private:
  AddressRange(const IpAddress& first, unsigned bits) : first_(first), bits_(bits) {}

  IpAddress first_;  // IPv4 in its mapped form,
  unsigned bits_;    // so that of it 96 more bits count.
};

/// The first `bits` bits of an address in its mapped form; the others are zero.
IpAddress first_bits(const IpAddress& address, unsigned bits);

/// Whom an address stands for when things are counted: itself, or of IPv6 the /64, within which a
/// single host has as many addresses as it likes.
IpAddress host_of(const IpAddress& address);

}  // namespace sfu

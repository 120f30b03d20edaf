#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address_range.h"
#include "base/endpoint.h"

namespace sfu::io {

class AddressSlots;

/// One of the connections that an address may have, until it is destroyed.
class AddressSlot {
 public:
  AddressSlot(AddressSlot&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)), host_(other.host_) {}
  AddressSlot& operator=(AddressSlot&&) = delete;
  ~AddressSlot();

  /// Whose it is (see host_of()); nothing where that is not bounded.
  std::optional<IpAddress> host() const { return slots_ ? std::optional(host_) : std::nullopt; }

 private:
  friend class AddressSlots;
  AddressSlot(AddressSlots* slots, const IpAddress& host) : slots_(slots), host_(host) {}

  AddressSlots* slots_;  // nullptr where it is not counted.
  IpAddress host_;
};

/// How many connections each address has at a time; of IPv6, each /64. It must outlive its slots.
class AddressSlots {
 public:
  /// Whoever connects for many others, a proxy, is not bounded.
  AddressSlots(std::size_t most, std::vector<AddressRange> unbounded);

  /// Nothing where the address has as many as it may.
  std::optional<AddressSlot> take(const IpAddress& address);

  /// Addresses that have any.
  std::size_t size() const { return used_.size(); }

 private:
  friend class AddressSlot;
  void give_back(const IpAddress& host);

  const std::size_t most_;
  const std::vector<AddressRange> unbounded_;
  std::unordered_map<IpAddress, std::size_t> used_;
};

}  // namespace sfu::io

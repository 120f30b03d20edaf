#include "io/address_slots.h"

#include <algorithm>

namespace sfu::io {

AddressSlot::~AddressSlot() {
  if (slots_) slots_->give_back(host_);
}

AddressSlots::AddressSlots(std::size_t most, std::vector<AddressRange> unbounded)
    : most_(most), unbounded_(std::move(unbounded)) {}

std::optional<AddressSlot> AddressSlots::take(const IpAddress& address) {
  const bool is_unbounded = std::any_of(unbounded_.begin(), unbounded_.end(),
                                        [&](const auto& range) { return range.contains(address); });
  if (is_unbounded) return AddressSlot(nullptr, address);
  const IpAddress host = host_of(address);
  const auto found = used_.find(host);
  if (found != used_.end() && found->second >= most_) return std::nullopt;
  ++used_[host];
  return AddressSlot(this, host);
}

void AddressSlots::give_back(const IpAddress& host) {
  const auto found = used_.find(host);
  if (--found->second == 0) used_.erase(found);
}

}  // namespace sfu::io

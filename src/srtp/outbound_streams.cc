#include "srtp/outbound_streams.h"

#include <algorithm>
#include <utility>

namespace sfu::srtp {

OutboundStreams::Stream& OutboundStreams::add(std::uint32_t ssrc, std::uint64_t index) {
  constexpr std::size_t kFirstSlots = 4;
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    std::vector<Slot> former(std::max(kFirstSlots, slots_.size() * 2));
    former.swap(slots_);
    for (Slot& slot : former)
      if (slot.stream) slots_[place_of(slot.ssrc)] = std::move(slot);
  }
  Slot& slot = slots_[place_of(ssrc)];
  slot = {ssrc, std::make_unique<Stream>()};
  slot.stream->highest = index;
  slot.stream->sent.insert(index);
  ++size_;
  return *slot.stream;
}

}  // namespace sfu::srtp

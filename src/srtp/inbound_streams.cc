#include "srtp/inbound_streams.h"

#include <algorithm>

namespace sfu::srtp {

InboundStreams::Found InboundStreams::find(std::uint32_t ssrc) {
  if (last_found_ >= active_.size() || active_ssrcs_[last_found_] != ssrc) {
    const auto at = std::ranges::find(active_ssrcs_, ssrc);
    if (at == active_ssrcs_.end()) {
      const auto resting = resting_.find(ssrc);
      if (resting == resting_.end()) return {.ssrc = ssrc, .highest = {}, .active = nullptr};
      return {.ssrc = ssrc, .highest = resting->second, .active = nullptr};
    }
    last_found_ = static_cast<std::size_t>(at - active_ssrcs_.begin());
  }
  Stream& stream = active_[last_found_];
  return {.ssrc = ssrc, .highest = stream.highest, .active = &stream};
}

InboundStreams::Verdict InboundStreams::judge(const Found& found, std::uint64_t index) const {
  if (!found.highest) return known_streams() < kMaxKnownStreams ? Verdict::Fresh : Verdict::NoRoom;
  if (index > *found.highest) return Verdict::Fresh;
  if (found.active == nullptr || *found.highest - index >= kReplayWindow) return Verdict::TooOld;
  return found.active->received.contains(index) ? Verdict::Replayed : Verdict::Fresh;
}

void InboundStreams::note_authentic(const Found& found, std::uint64_t index) {
  Stream& stream = found.active != nullptr ? *found.active : activate(found, index);
  if (index > stream.highest) {
    stream.received.advance(stream.highest, index);
    stream.highest = index;
  }
  stream.received.insert(index);
  stream.last_used = ++uses_;
}

InboundStreams::Stream& InboundStreams::activate(const Found& found, std::uint64_t index) {
  if (active_.size() < kMaxActiveStreams) {
    active_ssrcs_.push_back(found.ssrc);
    active_.emplace_back();
    last_found_ = active_.size() - 1;
  } else {
    const auto idle = std::ranges::min_element(active_, {}, &Stream::last_used);
    last_found_ = static_cast<std::size_t>(idle - active_.begin());
    resting_.insert_or_assign(active_ssrcs_[last_found_], idle->highest);
    active_ssrcs_[last_found_] = found.ssrc;
  }
  Stream& stream = active_[last_found_];
  stream = Stream{};
  stream.highest = index;
  if (found.highest) {
    // What came before it rested cannot be told any more from what did not.
    resting_.erase(found.ssrc);
    stream.highest = *found.highest;
    stream.received.close();
  }
  return stream;
}

}  // namespace sfu::srtp

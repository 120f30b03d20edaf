#include "transport/frame_hold.h"

#include <algorithm>
#include <span>

namespace sfu::transport {

void FrameHold::note_packet(Timestamp now, Ssrc ssrc, bool ends_frame) {
  first_ = std::min(first_, now);
  const auto open = std::span(open_).first(count_);
  const auto found = std::ranges::find(open, ssrc, &Frame::ssrc);
  const bool is_known = found != open.end();
  if (ends_frame) {
    count_frame(now);
    if (is_known) *found = open_[--count_];
  } else if (is_known) {
    found->newest = now;
  } else if (count_ < kMaxFrames) {
    open_[count_++] = {ssrc, now};
  }
}

void FrameHold::count_frame(Timestamp now) {
  if (now - window_start_ >= kBusyWindow) {
    const bool was_the_window_before = now - window_start_ < 2 * kBusyWindow;
    busy_ = was_the_window_before && frames_in_window_ >= kBusyFrames;
    window_start_ = now;
    frames_in_window_ = 0;
  }
  ++frames_in_window_;
}

void FrameHold::handle_flush(Timestamp now) {
  first_ = Timestamp::max();
  for (std::size_t i = count_; i-- > 0;)
    if (open_[i].newest + kMaxGap <= now) open_[i] = open_[--count_];
}

Timestamp FrameHold::due(std::size_t receivers) const {
  if (receivers < kManyReceivers && !busy_) return Timestamp::min();
  Timestamp last_gap = Timestamp::min();
  for (const Frame& frame : std::span(open_).first(count_))
    last_gap = std::max(last_gap, frame.newest + kMaxGap);
  return first_ == Timestamp::max() ? last_gap : std::min(last_gap, first_ + kMaxHold);
}

}  // namespace sfu::transport

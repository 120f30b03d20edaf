#include "ice/frame_queue.h"

#include <algorithm>

#include "base/check.h"

namespace sfu::ice {
namespace {

/// RFC 7983 §7: what is not STUN and not DTLS is RTP or RTCP.
bool is_media(Bytes datagram) { return datagram.front() >= 64; }

}  // namespace

bool FrameQueue::push(Timestamp now, Bytes datagram) {
  SFU_CHECK(!datagram.empty() && datagram.size() <= kMaxFrameSize);
  if (!has_place_for(now, datagram)) {
    ++counters_.full;
    return false;
  }
  make_compact();
  bytes_.push_back(static_cast<std::uint8_t>(datagram.size() >> 8));
  bytes_.push_back(static_cast<std::uint8_t>(datagram.size()));
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  frames_.push_back({.pushed = now,
                     .size = static_cast<std::uint32_t>(kFrameHeaderSize + datagram.size()),
                     .is_media = is_media(datagram)});
  return true;
}

bool FrameQueue::has_place_for(Timestamp now, Bytes datagram) const {
  const std::size_t after = queued_bytes() + kFrameHeaderSize + datagram.size();
  if (!is_media(datagram)) return after <= kMaxBytes;
  if (after > kMaxMediaBytes) return false;
  const std::size_t next = head_written_ == 0 ? 0 : 1;
  const bool others_wait = frames_.size() > next && now - frames_[next].pushed > kPatience;
  return datagram.size() <= kSmallMedia || !others_wait;
}

void FrameQueue::drop_late(Timestamp now) {
  const auto is_late = [now](const Frame& frame) {
    return frame.is_media && now - frame.pushed > kMaxDelay;
  };
  while (head_written_ != 0 && frames_.size() > 1 && is_late(frames_[1])) drop_second();
  if (head_written_ != 0) return;
  while (!frames_.empty() && is_late(frames_.front())) {
    head_ += frames_.front().size;
    frames_.pop_front();
    ++counters_.late;
  }
}

/// The first is half written: its rest moves up to the third.
void FrameQueue::drop_second() {
  const std::size_t rest = frames_[0].size - head_written_;
  const std::size_t dropped = frames_[1].size;
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(head_);
  std::copy_backward(from, from + static_cast<std::ptrdiff_t>(rest),
                     from + static_cast<std::ptrdiff_t>(rest + dropped));
  head_ += dropped;
  frames_.erase(frames_.begin() + 1);
  ++counters_.late;
}

Bytes FrameQueue::unwritten() const { return Bytes(bytes_).subspan(head_); }

void FrameQueue::consume(std::size_t bytes) {
  SFU_CHECK(bytes <= queued_bytes());
  head_ += bytes;
  head_written_ += bytes;
  while (!frames_.empty() && head_written_ >= frames_.front().size) {
    head_written_ -= frames_.front().size;
    ++counters_.frames;
    counters_.bytes += frames_.front().size - kFrameHeaderSize;
    frames_.pop_front();
  }
  make_compact();
}

/// Keeps what was written from being more than what is to be, so that moving costs no more than
/// writing did.
void FrameQueue::make_compact() {
  if (frames_.empty()) {
    head_ = 0;
    bytes_.clear();
    if (bytes_.capacity() > kKeptBytes) std::vector<std::uint8_t>().swap(bytes_);
  } else if (head_ > kKeptBytes && head_ >= queued_bytes()) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace sfu::ice

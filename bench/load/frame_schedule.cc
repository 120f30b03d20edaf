#include "load/frame_schedule.h"

#include <algorithm>
#include <cmath>

namespace sfu::load {
namespace {

using std::chrono::milliseconds;

constexpr TimeDelta kNoiseInterval = milliseconds(400);
constexpr std::int64_t kShortestTalkMs = 1000;
constexpr std::int64_t kLongestTalkMs = 4000;
constexpr std::int64_t kShortestSilenceMs = 500;
constexpr std::int64_t kLongestSilenceMs = 3000;
constexpr int kNoisePacketSize = 90;  // Room for the stamp; browsers' are smaller.

TimeDelta to_delta(Nanoseconds span) { return std::chrono::duration_cast<TimeDelta>(span); }

}  // namespace

FrameSchedule::FrameSchedule(const StreamShape& shape, Timestamp start, std::uint64_t seed)
    : shape_(shape),
      random_(seed),
      interval_(shape.frame_interval),
      grid_start_(start),
      next_(start),
      next_key_frame_(start + to_delta(shape.key_frame_interval)),
      key_frame_wanted_(!shape.is_audio),
      state_ends_(start + milliseconds(random_between(kShortestTalkMs, kLongestTalkMs))) {}

std::optional<FrameSchedule::Slot> FrameSchedule::take(Timestamp now) {
  if (now < next_) return std::nullopt;
  if (!in_frame_) begin_frame();
  Slot taken = slot_;
  taken.size = size_of_part();
  ++slot_.part;
  if (slot_.part == slot_.parts) {
    end_frame();
  } else if (shape_.evenly_spaced) {
    next_ = slot_.captured_at + to_delta(interval_ * slot_.part / slot_.parts);
  }
  return taken;
}

void FrameSchedule::begin_frame() {
  in_frame_ = true;
  slot_.captured_at = next_;
  slot_.part = 0;
  const bool periodic =
      !shape_.is_audio && shape_.key_frame_interval > Nanoseconds(0) && next_ >= next_key_frame_;
  slot_.is_key_frame = key_frame_wanted_ || periodic;
  if (slot_.is_key_frame) next_key_frame_ = next_ + to_delta(shape_.key_frame_interval);
  key_frame_wanted_ = false;
  slot_.parts = static_cast<std::uint16_t>(slot_.is_key_frame ? shape_.packets_in_key_frame
                                                              : shape_.packets_in_frame);
  smaller_parts_ = static_cast<int>(random_between(0, slot_.parts));
}

void FrameSchedule::end_frame() {
  in_frame_ = false;
  slot_.starts_talk = false;
  ++slot_.frame;
  if (extra_frame_) {
    extra_frame_ = false;
  } else {
    ++grid_index_;
  }
  plan_next_frame();
}

void FrameSchedule::plan_next_frame() {
  next_ = grid_start_ + to_delta(interval_ * grid_index_);
  if (!shape_.has_silence || next_ < state_ends_) return;
  talking_ = !talking_;
  if (talking_) {
    state_ends_ = next_ + milliseconds(random_between(kShortestTalkMs, kLongestTalkMs));
    slot_.starts_talk = true;
    interval_ = shape_.frame_interval;
  } else {
    state_ends_ = next_ + milliseconds(random_between(kShortestSilenceMs, kLongestSilenceMs));
    interval_ = kNoiseInterval;
  }
  grid_start_ = next_;
  grid_index_ = 0;
}

void FrameSchedule::request_key_frame(Timestamp now) {
  if (shape_.is_audio) return;
  key_frame_wanted_ = true;
  if (!shape_.answers_at_once || in_frame_ || next_ <= now) return;
  extra_frame_ = true;
  next_ = now;
}

void FrameSchedule::set_speed(Timestamp now, double speed) {
  // Rounded up, so that no second has a frame too many.
  interval_ = Nanoseconds(static_cast<std::int64_t>(
      std::ceil(static_cast<double>(shape_.frame_interval.count()) / speed)));
  grid_start_ = std::max(now, next_);
  grid_index_ = 0;
  if (!in_frame_) next_ = grid_start_;
}

int FrameSchedule::size_of_part() {
  if (shape_.is_audio) {
    if (!talking_) return kNoisePacketSize;
    return shape_.packet_size +
           static_cast<int>(random_between(-shape_.size_spread, shape_.size_spread));
  }
  const bool smaller = slot_.part < smaller_parts_ && smaller_parts_ < slot_.parts;
  return shape_.packet_size - (smaller ? shape_.size_spread : 0);
}

std::int64_t FrameSchedule::random_between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random_.next_u32()) % (high - low + 1);
}

}  // namespace sfu::load

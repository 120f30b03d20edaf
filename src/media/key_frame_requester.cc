#include "media/key_frame_requester.h"

#include <algorithm>

namespace sfu::media {

void KeyFrameRequester::request(Timestamp now) {
  // Who asks later than this does not wait for the next repetition.
  if (outstanding_ && now >= *last_sent_ + kMinInterval) due_ = now;
  if (outstanding_ || due_) return;
  due_ = last_sent_ ? std::max(now, *last_sent_ + kMinInterval) : now;
}

void KeyFrameRequester::handle_key_frame() { cancel(); }

void KeyFrameRequester::cancel() {
  outstanding_ = false;
  repeated_ = false;
  due_.reset();
}

bool KeyFrameRequester::poll(Timestamp now, bool viewer_waits) {
  if (!due_ || now < *due_) return false;
  if (outstanding_ && !viewer_waits) {
    cancel();
    return false;
  }
  repeated_ = outstanding_;
  outstanding_ = true;
  last_sent_ = now;
  due_ = now + (repeated_ ? kRepeatInterval : std::max(2 * rtt_, kMinFirstRepeat));
  return true;
}

}  // namespace sfu::media

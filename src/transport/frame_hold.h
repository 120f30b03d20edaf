#pragma once

#include <array>
#include <cstddef>

#include "base/units.h"

namespace sfu::transport {

/// Says how long a flush waits. A frame arrives as a burst of packets, and the worker wakes at the
/// first of them: sent at once, the rest would leave in calls of their own. The marker bit tells
/// that a frame is whole; until then the flush waits, within two bounds.
class FrameHold {
 public:
  /// For the next packet of a burst: senders leave 20 to 40 µs between them.
  static constexpr TimeDelta kMaxGap = std::chrono::microseconds(100);
  /// From the first packet that waits to the flush, whatever still arrives.
  static constexpr TimeDelta kMaxHold = std::chrono::microseconds(400);
  /// With fewer receivers nothing waits, unless the worker is busy: there are few calls to save,
  /// and a small call is to have no delay that it need not have.
  static constexpr std::size_t kManyReceivers = 8;
  /// So many frames in a window make a worker busy: 20 cameras of 30 frames/s. Then each call that
  /// is saved counts, whoever it goes to.
  static constexpr std::size_t kBusyFrames = 60;
  static constexpr TimeDelta kBusyWindow = std::chrono::milliseconds(100);
  /// Frames that are waited for at a time; for more, nothing waits.
  static constexpr std::size_t kMaxFrames = 32;

  /// A video packet has come and is forwarded.
  void note_packet(Timestamp now, Ssrc ssrc, bool ends_frame);
  void handle_flush(Timestamp now);

  /// When to flush what is queued for so many receivers; Timestamp::min() for at once.
  Timestamp due(std::size_t receivers) const;

 private:
  struct Frame {
    Ssrc ssrc;
    Timestamp newest;  // Its latest packet.
  };

  void count_frame(Timestamp now);

  std::array<Frame, kMaxFrames> open_{};
  std::size_t count_ = 0;
  Timestamp first_ = Timestamp::max();  // Since the last flush.
  Timestamp window_start_{};
  std::size_t frames_in_window_ = 0;
  bool busy_ = false;  // By the window before.
};

}  // namespace sfu::transport

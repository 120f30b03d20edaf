#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace sfu::media {

/// When one stream's sender is asked for a key frame, however many viewers want one.
///
/// The first request leaves at once; those made before its key frame arrives are served by it; a
/// later one within 500 ms leaves at the end of that time and is never dropped; without a key frame
/// after max(2 round trips, 300 ms) it is repeated, then every second while a viewer waits; who
/// asks 500 ms and more after the last one does not wait for that.
class KeyFrameRequester {
 public:
  static constexpr TimeDelta kMinInterval = std::chrono::milliseconds(500);
  static constexpr TimeDelta kMinFirstRepeat = std::chrono::milliseconds(300);
  static constexpr TimeDelta kRepeatInterval = std::chrono::seconds(1);

  /// A viewer wants a key frame from now on.
  void request(Timestamp now);
  /// One has begun to arrive, asked for or not.
  void handle_key_frame();
  /// To the sender and back.
  void set_round_trip_time(TimeDelta rtt) { rtt_ = rtt; }
  /// Forgets all that is wanted, but not when the last request left.
  void cancel();

  /// True where a request is to leave now, which it then has. `viewer_waits`: somebody still needs
  /// the key frame.
  bool poll(Timestamp now, bool viewer_waits);
  std::optional<Timestamp> next_timeout() const { return due_; }

 private:
  TimeDelta rtt_{};
  std::optional<Timestamp> last_sent_;
  std::optional<Timestamp> due_;
  bool outstanding_ = false;  // A request has left and its key frame has not come.
  bool repeated_ = false;     // The outstanding one has been repeated at least once.
};

}  // namespace sfu::media

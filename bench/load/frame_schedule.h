#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "crypto/random.h"
#include "load/clock.h"

namespace sfu::load {

/// What one encoding looks like on the wire.
struct StreamShape {
  bool is_audio = false;
  Nanoseconds frame_interval = Nanoseconds(33'333'334);
  /// Bytes of an RTP packet, header included, SRTP's tag not.
  int packet_size = 1200;
  /// By how much sizes differ. Video: the packets of a frame are of this size or up to so much
  /// smaller, the smaller ones first. Audio: each is up to so much larger or smaller.
  int size_spread = 1;
  int packets_in_frame = 6;
  int packets_in_key_frame = 36;
  /// Besides the first one and those that are asked for. Zero: never.
  Nanoseconds key_frame_interval = std::chrono::seconds(30);
  /// The packets of a frame do not leave back to back but spread over its interval.
  bool evenly_spaced = false;
  /// Audio falls silent now and then: no packets but one of comfort noise every 400 ms.
  bool has_silence = false;
  /// A key frame that is asked for leaves at once, between two frames; else it takes the next
  /// frame's place, as a browser's encoder makes it.
  bool answers_at_once = true;
};

/// When one encoding's packets leave, and how large they are: told by a shape, a start and a seed.
class FrameSchedule {
 public:
  struct Slot {
    std::uint32_t frame = 0;  // Counted from 0, without gaps.
    std::uint16_t part = 0;
    std::uint16_t parts = 1;
    bool is_key_frame = false;
    /// The first packet after a silence (RFC 3551 §4.1).
    bool starts_talk = false;
    Timestamp captured_at;
    int size = 0;  // Bytes
  };

  FrameSchedule(const StreamShape& shape, Timestamp start, std::uint64_t seed);

  /// When the next packet is due.
  Timestamp next() const { return next_; }
  /// The packet that is due at `now`, if one is. Call until nothing comes.
  std::optional<Slot> take(Timestamp now);

  void request_key_frame(Timestamp now);
  /// From now on frames come `speed` times as fast as the shape says.
  void set_speed(Timestamp now, double speed);

 private:
  void begin_frame();
  void end_frame();
  void plan_next_frame();
  int size_of_part();
  std::int64_t random_between(std::int64_t low, std::int64_t high);

  const StreamShape shape_;
  crypto::SeededRandom random_;
  Nanoseconds interval_;
  // Frames stand on a grid, however late each is taken.
  Timestamp grid_start_;
  std::int64_t grid_index_ = 0;
  Timestamp next_;
  Timestamp next_key_frame_;
  bool key_frame_wanted_;
  bool extra_frame_ = false;  // A key frame between two frames of the grid.
  bool in_frame_ = false;
  int smaller_parts_ = 0;
  Slot slot_;
  // Audio with silences.
  bool talking_ = true;
  Timestamp state_ends_;
};

}  // namespace sfu::load

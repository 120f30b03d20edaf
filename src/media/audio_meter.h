#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "media/event.h"

namespace sfu::media {

/// How loud one producer was for a while: 0 dBov is the loudest there can be, -127 is silence.
struct AudioLevel {
  ProducerId producer;
  int volume = 0;
};
inline constexpr int kSilence = -127;
/// What is not louder than this is nothing to tell of: the noise of a quiet room.
inline constexpr int kInaudible = -80;

class AudioMeter;

/// The meters of one room on one worker. While all of them are quiet nobody looks at them: the
/// first audible packet posts RoomAudible, and from then on take_levels() is to be called in steady
/// steps until it says that the room is quiet again.
class AudioMeters {
 public:
  /// The loudest of a room are told of, so many at most.
  static constexpr std::size_t kMaxLevels = 32;
  /// Looks without a sound after which a room is quiet.
  static constexpr int kQuietLooks = 8;

  AudioMeters(RouterId router, EventQueue& events) : router_(router), events_(events) {}

  /// Appends the audible producers since the last look, loudest first. False where the room is
  /// quiet: then nobody needs to look before the next RoomAudible.
  bool take_levels(std::vector<AudioLevel>& levels);
  std::size_t size() const { return meters_.size(); }

 private:
  friend class AudioMeter;
  void wake(Timestamp now);

  const RouterId router_;
  EventQueue& events_;
  std::vector<AudioMeter*> meters_;
  bool awake_ = false;
  int quiet_looks_ = 0;
};

/// Of one producer of audio: adds up what its packets say of themselves (RFC 6464).
class AudioMeter {
 public:
  /// `meters` outlives the meter.
  AudioMeter(ProducerId producer, AudioMeters& meters);
  ~AudioMeter();
  AudioMeter(const AudioMeter&) = delete;
  AudioMeter& operator=(const AudioMeter&) = delete;

  /// For each packet: 0 is the loudest, 127 silence, as on the wire.
  void handle_level(Timestamp now, std::uint8_t level);
  /// What was counted since the last look is as if it had not been.
  void forget();

 private:
  friend class AudioMeters;
  /// The mean power since the last look in dBov; silence where no packet came.
  int take_volume();

  const ProducerId producer_;
  AudioMeters& meters_;
  std::size_t place_;  // Among the meters.
  float power_ = 0;    // Summed, 1 is 0 dBov.
  std::uint32_t packets_ = 0;
};

}  // namespace sfu::media

#pragma once

#include <cstdint>
#include <string>

#include "load/publisher.h"

namespace sfu::load {

/// Who meets where and what they send.
struct LoadShape {
  int rooms = 1;
  int publishers = 2;  // In each room.
  int viewers = 4;     // In each room; each takes every publisher of its room.
  bool video = true;
  bool audio = false;
  int video_kbps = 1500;
  int fps = 30;
  int packet_size = 1200;       // Of video, bytes
  int audio_packet_size = 120;  // bytes
  int audio_spread = 10;        // bytes
  bool even = false;            // Packets of video evenly spaced, key frames no larger than others.
  bool simulcast = false;
  bool dtx = false;
  bool exact_size = false;  // Packets of one frame all of one size.
  bool key_frames_at_once = true;
  double ramp_s = 0;  // From the first join to the last.

  /// Packets of a delta frame: as many as a frame of that rate takes at most.
  int packets_in_frame() const;
  /// Of packets that one viewer gets each second from one publisher, key frames apart.
  double packets_each_second() const;
  /// What each publisher sends.
  Publisher::Tracks tracks(std::uint64_t seed) const;
};

/// A load by its letter or name (docs/load.md); any other name gives the default.
LoadShape load_by_name(const std::string& name);

}  // namespace sfu::load

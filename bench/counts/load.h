#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bench/counts/agenda.h"

namespace sfu::counts {

/// Rooms in which every viewer takes every publisher.
struct Load {
  std::string_view name;
  std::size_t rooms;
  std::size_t publishers;  // In each room.
  std::size_t viewers;     // In each room.
  bool video;
  std::size_t packet_size;        // Of RTP, before encryption.
  std::size_t packets_per_frame;  // Four times as many in a key frame.
  VirtualTime frame_interval;

  std::size_t streams() const { return rooms * publishers; }
};

inline constexpr VirtualTime kVideoFrame{33'333'333};
inline constexpr VirtualTime kAudioFrame{20'000'000};
inline constexpr VirtualTime kEvenPacket{2'500'000};

/// The shapes of the loads that the server is measured by, with fewer viewers, so that each takes
/// seconds under callgrind.
inline constexpr std::array kLoads = {
    Load{"A", 1, 12, 16, true, 1200, 6, kVideoFrame},  // Many publishers.
    Load{"B", 1, 3, 64, true, 1200, 6, kVideoFrame},   // Many viewers.
    Load{"C", 1, 1, 100, true, 1200, 6, kVideoFrame},  // One publisher.
    Load{"D", 1, 1, 50, true, 1200, 1, kEvenPacket},   // Evenly spaced packets, no bursts.
    Load{"E", 40, 1, 1, true, 1200, 6, kVideoFrame},   // Many small rooms.
    Load{"F", 1, 10, 20, false, 120, 1, kAudioFrame},  // Audio.
};

}  // namespace sfu::counts

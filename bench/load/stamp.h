#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "load/clock.h"

namespace sfu::load {

/// What a media packet tells of itself, inside the part of its payload that no server may touch:
/// a viewer judges by it, not by headers that a server wrote and that a shared parser read.
///
///    0                   1                   2                   3
///    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |                              magic                            |
///   |                               run                             |
///   |                            publisher                          |
///   |                              frame                            |
///   |                              packet                           |
///   |              part             |             parts             |
///   |                          RTP timestamp                        |
///   |    encoding   |     flags     |          size of body         |
///   |                        time of sending                        |
///   |                        (64 bits, in ns)                       |
///   |                     checksum of the body                      |
///   |                           (64 bits)                           |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct Stamp {
  std::uint32_t run = 0;        // Random: a room may hold publishers of another run.
  std::uint32_t publisher = 0;  // Counted from 0 over all rooms.
  std::uint32_t frame = 0;      // Counted for each encoding.
  std::uint32_t packet = 0;     // Counted for each encoding, without gaps.
  std::uint16_t part = 0;       // Of the frame's `parts`.
  std::uint16_t parts = 1;
  std::uint32_t rtp_timestamp = 0;  // As the publisher wrote it.
  std::uint8_t encoding = 0;        // Simulcast layer.
  bool is_audio = false;
  bool is_key_frame = false;
  Nanoseconds sent_at{};

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr std::size_t kStampSize = 48;

/// Writes the stamp into `body` at `at` and signs the whole body. `body` has room for it.
void write_stamp(const Stamp& stamp, std::size_t at, MutableBytes body);

/// Nothing where the bytes of `body` are not all as write_stamp() left them.
std::optional<Stamp> read_stamp(Bytes body, std::size_t at);

}  // namespace sfu::load

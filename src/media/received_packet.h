#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/packet_buffer.h"
#include "base/units.h"
#include "rtp/codec/payload_info.h"
#include "rtp/codec/vp8.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_view.h"

namespace sfu::media {

/// The encodings of one producer; more are refused.
inline constexpr std::size_t kMaxStreams = 4;
inline constexpr std::size_t kMaxSpatialLayers = 8;
inline constexpr std::size_t kMaxTemporalLayers = 8;

/// What the frame of a packet is to the decode targets of its dependency descriptor.
struct FrameTargets {
  std::uint16_t frame_number = 0;
  std::uint32_t members = 0;   // A bit for each decode target that the frame belongs to.
  std::uint32_t switches = 0;  // Those that may be switched to at this frame.
};

/// The picture numbers of a VP9 payload descriptor, and where its layer frame stands.
struct Vp9Numbers {
  std::optional<std::uint16_t> picture_id = {};
  std::optional<std::uint8_t> tl0_picture_index = {};
  bool long_picture_id = false;
  bool inter_picture_predicted = false;
};

/// One packet of a publisher, parsed once for all who look at it. Lives in the history of its
/// stream; who keeps any of it longer copies the buffer reference.
struct ReceivedPacket {
  PacketBuffer buffer;   // Keeps what `view` shows.
  rtp::PacketView view;  // As the publisher would have sent it: RTX is already unwrapped.
  Timestamp arrival;
  /// Unwrapped; the low 16 bits are those on the wire. Ascends across restarts of the publisher.
  std::int64_t sequence = 0;
  std::uint8_t stream = 0;               // The producer's encoding, lowest first.
  std::uint8_t mapped_payload_type = 0;  // The router's.
  bool repaired = false;                 // Came as RTX.
  bool late = false;                     // A higher number of the stream came before it.
  /// Nothing to forward: padding alone, or a payload that cannot be read. It closes its number.
  bool is_empty = false;
  rtp::codec::PayloadInfo info = {};
  std::optional<rtp::codec::Vp8Payload> vp8 = {};
  std::optional<Vp9Numbers> vp9 = {};
  std::optional<FrameTargets> targets = {};
};

}  // namespace sfu::media

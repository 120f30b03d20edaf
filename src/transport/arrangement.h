#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "media/outgoing_packet.h"
#include "transport/flush_writer.h"

namespace sfu::transport {

/// The RTP padding that a packet may get so that it leaves in one call with longer neighbours. The
/// packets of a video frame differ by a byte or two; those of voices by more, and they have no
/// other way to share a call.
inline constexpr std::size_t kMaxVideoPadding = 4;
inline constexpr std::size_t kMaxAudioPadding = 32;

/// Puts the packets of one flush to one receiver into the order and to the sizes in which the
/// fewest calls carry them: a call takes datagrams of one size and, at its end, a shorter one.
/// Packets of one SSRC keep their order. A packet gets padding only where it then shares a call,
/// and never if it has no payload or repeats one. The answer is in `placed`, whose former content
/// is dropped.
void arrange(std::span<media::OutgoingPacket* const> packets, std::vector<PlacedPacket>& placed);

}  // namespace sfu::transport

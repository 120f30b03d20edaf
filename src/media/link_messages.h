#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/link_writer.h"
#include "media/received_packet.h"
#include "media/sender_clock.h"
#include "rtp/codec/dependency_descriptor.h"

namespace sfu::media {

// What the two ends of a pipe say to each other. Both are in one process and of one build: messages
// are plain objects, copied as they are.

enum class LinkMessageKind : std::uint32_t {
  Packet,  // To the viewers' worker: PacketMessage, then the datagram as view() shows it.
  State,   // To the viewers' worker: StateMessage.
  Wishes,  // To the publisher's worker: WishesMessage.
};

/// Every message begins so.
struct LinkHeader {
  LinkMessageKind kind{};
  PipeId pipe;
};

/// What was read of a packet once, so that the far end does not read it again. The fields are those
/// of ReceivedPacket.
struct PacketMessage {
  LinkHeader header{LinkMessageKind::Packet, {}};
  /// Counts the packets of this stream on this pipe, those included that found the link full.
  std::uint32_t number = 0;
  std::uint8_t stream = 0;
  std::uint8_t mapped_payload_type = 0;
  bool repaired = false;
  bool late = false;
  bool is_empty = false;
  std::int64_t sequence = 0;
  rtp::codec::PayloadInfo info = {};
  std::optional<rtp::codec::Vp8Payload> vp8 = {};
  std::optional<Vp9Numbers> vp9 = {};
  std::optional<FrameTargets> targets = {};
};

/// What is known of a source beside its packets. Sent whole whenever some of it is new, and always
/// before the packets that it holds for.
struct StateMessage {
  struct Stream {
    std::optional<ClockPair> clock;
    std::array<rtp::codec::DecodeTargetLayers, rtp::codec::kMaxDecodeTargets> targets{};
    std::uint8_t target_count = 0;
    std::uint8_t temporal_layers = 1;
    std::optional<std::uint8_t> score;
  };
  LinkHeader header{LinkMessageKind::State, {}};
  bool paused = false;
  std::array<Stream, kMaxStreams> streams{};
};

/// What the viewers at the far end want, a bit for each stream.
struct WishesMessage {
  LinkHeader header{LinkMessageKind::Wishes, {}};
  bool is_first = false;         // The far end knows nothing yet.
  std::uint32_t waiting = 0;     // Somebody needs a key frame of it.
  std::uint32_t viewed = 0;      // Somebody is shown it.
  std::uint32_t key_frames = 0;  // One is to be asked for at once.
};

/// The message that `bytes`, which come from a link, begin with. They are long enough, as their
/// kind says what they are.
template <class Message>
Message read_link_message(Bytes bytes) {
  static_assert(std::is_trivially_copyable_v<Message>);
  Message message;
  std::memcpy(static_cast<void*>(&message), bytes.data(), sizeof message);
  return message;
}

/// False where the link is full; then nothing is written.
template <class Message>
bool write_link_message(LinkWriter& link, const Message& message, Bytes rest = {}) {
  static_assert(std::is_trivially_copyable_v<Message>);
  const MutableBytes room = link.reserve(sizeof message + rest.size());
  if (room.empty()) return false;
  std::memcpy(room.data(), &message, sizeof message);
  if (!rest.empty()) std::memcpy(room.data() + sizeof message, rest.data(), rest.size());
  link.commit();
  return true;
}

}  // namespace sfu::media

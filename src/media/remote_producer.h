#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/ids.h"
#include "base/link_writer.h"
#include "base/packet_buffer.h"
#include "base/result.h"
#include "base/units.h"
#include "media/link_messages.h"
#include "media/producer.h"
#include "media/router.h"

namespace sfu::media {

/// A producer of another worker, as its viewers on this one see it: feeds the router's source of
/// the same id, which has a history of its own, and tells the producer's worker what they want.
/// What the link dropped cannot be asked for again, so it leaves a gap until the next key frame.
class RemoteProducer {
 public:
  /// `back` leads to the producer's worker. It, `router` and `arena` outlive the remote producer.
  static Result<std::unique_ptr<RemoteProducer>, ProducerError> create(
      Timestamp now, PipeId pipe, const ProducerOptions& options, Router& router, LinkWriter& back,
      PacketArena& arena);
  ~RemoteProducer();
  RemoteProducer(const RemoteProducer&) = delete;
  RemoteProducer& operator=(const RemoteProducer&) = delete;

  PipeId pipe() const { return pipe_; }
  ProducerId id() const { return source_.producer(); }
  Source& source() { return source_; }

  // From the near end.

  /// What the flush waits by: a packet of a frame, and whether it is the last one.
  struct FramePart {
    Ssrc ssrc;
    bool ends_frame = false;
  };
  /// Tells of video that was forwarded as it first came.
  std::optional<FramePart> handle_packet(Timestamp now, const PacketMessage& message,
                                         Bytes datagram);
  void handle_state(Timestamp now, const StateMessage& state);

  /// The viewers want other streams than the producer's worker knows.
  bool has_news() const;
  /// Writes what the viewers want where that is new. To be called after what may have changed it.
  void tell_wishes(Timestamp now);

  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;

  /// Packets for which the arena had no buffer.
  std::uint64_t buffers_missing() const { return buffers_missing_; }

 private:
  /// Histories are looked through, and wishes told that found the link full.
  static constexpr TimeDelta kTick = std::chrono::milliseconds(500);

  RemoteProducer(Timestamp now, PipeId pipe, Router& router, Source& source, LinkWriter& back,
                 PacketArena& arena);

  void note_number(Timestamp now, const PacketMessage& message);
  /// A bit for each stream, without key_frames.
  WishesMessage wishes() const;

  const PipeId pipe_;
  Router& router_;
  Source& source_;
  LinkWriter& back_;
  PacketArena& arena_;
  std::array<std::optional<std::uint32_t>, kMaxStreams> next_number_{};
  WishesMessage told_;
  bool is_first_ = true;
  std::uint32_t key_frames_ = 0;  // To be asked for, a bit for each stream.
  Timestamp next_tick_;
  std::uint64_t buffers_missing_ = 0;
};

}  // namespace sfu::media

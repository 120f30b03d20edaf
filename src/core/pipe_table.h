#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/deadline_queue.h"
#include "base/ids.h"
#include "base/link_writer.h"
#include "base/packet_buffer.h"
#include "base/result.h"
#include "base/units.h"
#include "media/link_subscriber.h"
#include "media/remote_producer.h"
#include "media/router.h"

namespace sfu::core {

/// The ends of pipes on one worker: near ones, which send what a producer here brings, and far
/// ones, which feed a remote producer. Finds them by the messages of links.
class PipeTable {
 public:
  /// By worker; null where there is no link, as to the worker itself. All outlive the table.
  using Links = std::vector<LinkWriter*>;
  /// The slots of PipeIds lie below.
  static constexpr std::size_t kMaxPipes = 1 << 20;

  enum class Refusal : std::uint8_t {
    NoSuchWorker,
    NoSuchProducer,
    SlotTaken,
    LimitReached,  // Of slots, or of the router.
    BadProducer,   // It names no codec that the server knows, or too many streams.
  };

  /// `arena` outlives the table.
  PipeTable(Links links, PacketArena& arena) : links_(std::move(links)), arena_(arena) {}

  /// The router is the one that `producer` is on.
  Result<void, Refusal> open_near(Timestamp now, PipeId pipe, std::size_t to_worker,
                                  media::Router& router, ProducerId producer);
  /// False where there is none.
  bool close_near(PipeId pipe);

  /// The router outlives the far end.
  Result<void, Refusal> open_far(Timestamp now, PipeId pipe, std::size_t from_worker,
                                 media::Router& router, const media::ProducerOptions& producer);
  void close_far(PipeId pipe);

  using FramePart = media::RemoteProducer::FramePart;
  /// What another worker wrote. Messages of pipes that are closed here are ignored.
  std::optional<FramePart> handle_message(Timestamp now, Bytes message);
  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const { return deadlines_.next(); }
  /// A viewer of this remote producer may have come to want something.
  void note_wish(PipeId pipe);
  /// Writes what viewers have come to want since the last call.
  void flush(Timestamp now);

  struct Counters {
    std::uint64_t packets = 0;  // Written into links.
    std::uint64_t dropped = 0;  // Found a link full, or no buffer behind it.
  };
  Counters counters() const;
  std::size_t far_ends() const { return far_count_; }

 private:
  LinkWriter* link(std::size_t worker) const {
    return worker < links_.size() ? links_[worker] : nullptr;
  }
  media::LinkSubscriber* near(PipeId pipe) const;
  media::RemoteProducer* far(PipeId pipe) const;

  const Links links_;
  PacketArena& arena_;
  std::vector<std::unique_ptr<media::LinkSubscriber>> near_;  // By slot.
  std::vector<std::unique_ptr<media::RemoteProducer>> far_;
  std::size_t far_count_ = 0;
  std::vector<PipeId> to_tell_;  // Far ends that flush() looks at.
  DeadlineQueue deadlines_;      // Of far ends, by slot.
  Counters closed_;              // Of what is gone.
};

}  // namespace sfu::core

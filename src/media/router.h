#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "base/ids.h"
#include "media/audio_meter.h"
#include "media/event.h"
#include "media/source.h"

namespace sfu::media {

/// The producers of one room on one worker, and who takes their packets. It is asked when something
/// is made or closed; packets go from a source to its subscribers without it.
class Router {
 public:
  static constexpr std::size_t kMaxSources = 4096;

  /// `events` is the worker's and outlives all of its routers.
  explicit Router(EventQueue& events, RouterId id = {}) : events_(events), audio_(id, events) {}

  /// Null where the id is taken or kMaxSources is reached. It holds until remove_source().
  Source* add_source(const SourceOptions& options);
  /// Tells its subscribers and forgets it.
  void remove_source(ProducerId producer);
  Source* find(ProducerId producer);
  std::size_t source_count() const { return sources_.size(); }

  /// False where there is no such producer. `sink` gets what the subscriber forwards and outlives
  /// the subscription, which ends with either side.
  bool subscribe(Timestamp now, ProducerId producer, Subscriber& subscriber, PacketSink& sink);

  /// How loud its producers are.
  AudioMeters& audio() { return audio_; }

 private:
  EventQueue& events_;
  AudioMeters audio_;
  std::unordered_map<ProducerId, std::unique_ptr<Source>> sources_;
};

}  // namespace sfu::media

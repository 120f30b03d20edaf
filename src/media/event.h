#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/fault.h"
#include "base/ids.h"
#include "base/units.h"

namespace sfu::media {

struct Layers {
  std::uint8_t spatial = 0;
  std::uint8_t temporal = 0;
  friend bool operator==(const Layers&, const Layers&) = default;
};

/// The producer's next_timeout() moved nearer: a viewer wants a key frame.
struct FeedbackWanted {
  ProducerId producer;
};

/// The consumer's next_timeout() moved nearer, by other means than a call of its transport.
struct DeadlineMoved {
  ConsumerId consumer;
};

/// What a consumer now forwards; none when it sends nothing.
struct LayersChanged {
  ConsumerId consumer;
  std::optional<Layers> layers;
};

/// For the log.
struct Diagnosis {
  enum class Kind : std::uint8_t {
    WaitsForKeyFrame,  // For `waited`, although it was asked for.
    NeverResumed,      // Paused since it was made, `waited` ago.
  };
  Kind kind = Kind::WaitsForKeyFrame;
  ConsumerId consumer;
  ProducerId producer;
  TimeDelta waited{};
};

/// Of some encoding: Producer::scores() has changed.
struct ProducerScored {
  ProducerId producer;
};

struct ConsumerScored {
  ConsumerId consumer;
  std::uint8_t score = 0;
  std::uint8_t producer_score = 0;  // Of the encoding that it forwards.
};

/// Somebody in a quiet room has become audible: AudioMeters says what to do.
struct RoomAudible {
  RouterId router;
  Timestamp at{};
};

using Event = std::variant<FeedbackWanted, DeadlineMoved, LayersChanged, Diagnosis, ProducerScored,
                           ConsumerScored, RoomAudible>;

/// What the media of one worker has to tell: one queue for all of its routers, drained after each
/// batch.
class EventQueue {
 public:
  /// A full queue drops what comes: nobody drains it.
  static constexpr std::size_t kMaxEvents = 64 * 1024;
  /// What comes between two drains as a rule: room for it is there from the beginning.
  static constexpr std::size_t kUsualEvents = 64;

  EventQueue() { events_.reserve(kUsualEvents); }

  /// False where it is full.
  bool post(const Event& event) {
    if (events_.size() >= kMaxEvents) return false;
    events_.push_back(event);
    return true;
  }
  /// Of all media of the worker: to be looked at after each datagram, which is what broke it.
  FaultNote& faults() { return faults_; }

  std::optional<Event> poll() {
    if (next_ == events_.size()) {
      events_.clear();
      next_ = 0;
      return std::nullopt;
    }
    return events_[next_++];
  }

 private:
  std::vector<Event> events_;
  std::size_t next_ = 0;
  FaultNote faults_;
};

}  // namespace sfu::media

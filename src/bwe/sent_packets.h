#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "rtcp/transport_feedback.h"

namespace sfu::bwe {

/// Packets kept at most; an older one is forgotten unjudged when its place is needed.
inline constexpr std::size_t kMaxSentPackets = 8192;
/// A packet is worth room for so long; by then its feedback has come, or none comes.
inline constexpr TimeDelta kMaxSentAge = std::chrono::seconds(2);

/// How many statuses a feedback may spend on each packet that was sent: some receivers repeat what
/// they told lately. A few bytes can speak of 65535 numbers, so without a bound a peer's feedback
/// would cost far more than its bandwidth.
inline constexpr std::size_t kMaxStatusesPerPacket = 16;
inline constexpr std::size_t kMaxSavedStatuses = 64 * 1024;

/// What one feedback packet told of packets that were not judged before.
struct FeedbackOutcome {
  std::uint32_t acked = 0;
  std::uint32_t lost = 0;
  /// Counted as lost by an earlier feedback, and arrived after all; they are among `acked` too.
  std::uint32_t recovered = 0;
  DataSize acked_size;
  DataSize lost_size;
  /// Without the time that packets waited at the receiver for the feedback; nothing where none was
  /// newly acked.
  std::optional<TimeDelta> round_trip_time = {};
  /// It speaks of more numbers than the packets sent since allow, and was not looked at.
  bool refused = false;
};

/// The sending end of transport-wide congestion control, for one transport: numbers outgoing
/// packets, remembers when each left, and matches feedback against that.
class SentPackets {
 public:
  /// The number that this packet carries, counted up from 0.
  std::uint16_t note_sent(Timestamp now, DataSize size);

  FeedbackOutcome handle_feedback(Timestamp now, const rtcp::TransportFeedback& feedback);

  /// Sent, and neither acked nor lost.
  DataSize in_flight() const { return in_flight_; }

 private:
  enum class State : std::uint8_t { Free, InFlight, Acked, Lost };
  struct Sent {
    Timestamp time;
    std::uint32_t size = 0;
    State state = State::Free;
  };

  /// The place of a number in the ring.
  Sent& at(std::int64_t number) {
    return ring_[static_cast<std::size_t>(number) & (ring_.size() - 1)];
  }
  bool is_known(std::int64_t number) const {
    return number >= 0 && number < next_number_ &&
           number >= next_number_ - static_cast<std::int64_t>(ring_.size());
  }
  void note_lost(Sent& sent, FeedbackOutcome& outcome);
  void note_acked(Sent& sent, FeedbackOutcome& outcome);
  bool deserves_room(Timestamp now);
  void grow();

  std::vector<Sent> ring_;  // By number modulo its size, a power of two; grows up to the bound.
  std::int64_t next_number_ = 0;
  DataSize in_flight_;
  std::size_t statuses_left_ = 0;
};

}  // namespace sfu::bwe

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/units.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

/// The unit of the reference time, and of its deltas.
inline constexpr TimeDelta kReferenceTimeUnit{64'000};
inline constexpr TimeDelta kArrivalDeltaUnit{250};

/// What the receiver saw of one transport-wide sequence number.
struct PacketStatus {
  std::uint16_t sequence_number = 0;
  bool received = false;
  /// Since the receiver's own epoch, modulo 2^24 * 64 ms; only where received.
  TimeDelta arrival{};

  friend bool operator==(const PacketStatus&, const PacketStatus&) = default;
};

/// Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01
/// §3.1), validated whole and decoded when it is visited. It borrows the packet.
class TransportFeedback {
 public:
  static Result<TransportFeedback, ParseError> parse(const PacketView& packet);

  Ssrc sender() const { return Ssrc{load_be32(body_, 0)}; }
  Ssrc media() const { return Ssrc{load_be32(body_, 4)}; }
  std::uint16_t base_sequence_number() const { return load_be16(body_, 8); }
  /// How many sequence numbers it speaks of: at least 1, at most 65535.
  std::uint16_t status_count() const { return load_be16(body_, 10); }
  /// The first arrival is given against this; 24 bits signed of 64 ms.
  TimeDelta reference_time() const;
  std::uint8_t feedback_number() const { return body_[15]; }

  /// visit(const PacketStatus&) for each number, in order: status_count() calls.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    Cursor cursor(*this);
    PacketStatus status;
    while (cursor.next(status)) visit(static_cast<const PacketStatus&>(status));
  }

  /// Walks the status chunks and the deltas side by side.
  class Cursor {
   public:
    explicit Cursor(const TransportFeedback& feedback);
    /// False at the end.
    bool next(PacketStatus& status);

   private:
    Bytes chunks_;
    Bytes deltas_;
    std::uint16_t sequence_number_;
    std::uint16_t remaining_;
    std::uint16_t chunk_ = 0;
    std::uint16_t used_of_chunk_ = 0;
    std::uint16_t size_of_chunk_ = 0;
    TimeDelta arrival_;
  };

 private:
  TransportFeedback(Bytes body, std::size_t chunks_size) : body_(body), chunks_size_(chunks_size) {}

  Bytes body_;
  std::size_t chunks_size_;
};

/// One packet that arrived, by its unwrapped transport-wide number.
struct Arrival {
  std::int64_t sequence_number = 0;
  Timestamp time;

  friend bool operator==(const Arrival&, const Arrival&) = default;
};

struct FeedbackHeader {
  Ssrc sender = {};
  Ssrc media = {};
  std::uint8_t feedback_number = 0;
  std::int64_t base_sequence_number = 0;  // At most arrivals.front()'s: what lies between is lost.
};

/// Appends one packet on `arrivals`, which ascend by number without repetition; what is missing
/// between is reported lost. Returns how many arrivals, from the front, it speaks of: fewer than
/// all where the room, the count of statuses or the range of a delta (8.19 s) ends; call again with
/// the rest, the next feedback_number, and a base after the last one reported. 0: no room for a
/// single one. A base too far back to fit is moved forward.
std::size_t append_transport_feedback(CompoundBuilder& builder, const FeedbackHeader& header,
                                      std::span<const Arrival> arrivals);

}  // namespace sfu::rtcp

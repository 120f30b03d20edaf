#pragma once

#include <algorithm>
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

/// What a status says, in one or two bits.
enum class StatusSymbol : std::uint8_t { NotReceived, SmallDelta, LargeDelta, Reserved };

/// Status chunks:
///
///   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
///  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  |0| S |       run length        | one symbol for all
///  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  |1|0| 14 symbols of one bit     | not received, small delta
///  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  |1|1| 7 symbols of two bits     |
///  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct StatusChunk {
  static constexpr std::size_t kWireSize = 2;
  std::uint16_t bits;

  bool is_vector() const { return (bits & 0x8000) != 0; }
  bool has_two_bit_symbols() const { return (bits & 0x4000) != 0; }
  std::uint16_t size() const {
    if (!is_vector()) return bits & 0x1fff;
    return has_two_bit_symbols() ? 7 : 14;
  }
  StatusSymbol symbol(unsigned index) const {
    if (!is_vector()) return static_cast<StatusSymbol>(bits >> 13 & 0x03);
    if (has_two_bit_symbols()) return static_cast<StatusSymbol>(bits >> (12 - 2 * index) & 0x03);
    return static_cast<StatusSymbol>(bits >> (13 - index) & 0x01);
  }
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

  /// visit(const PacketStatus&) for each number, in order: status_count() calls. In the header,
  /// because viewers tell of each packet that they get: it costs as often as forwarding does.
  template <class Visitor>
  void for_each(Visitor&& visit) const;

 private:
  static constexpr std::size_t kFixedSize = 16;

  TransportFeedback(Bytes body, std::size_t chunks_size) : body_(body), chunks_size_(chunks_size) {}

  Bytes body_;
  std::size_t chunks_size_;
};

template <class Visitor>
void TransportFeedback::for_each(Visitor&& visit) const {
  Bytes chunks = body_.subspan(kFixedSize, chunks_size_);
  Bytes deltas = body_.subspan(kFixedSize + chunks_size_);
  PacketStatus status{.sequence_number = base_sequence_number(), .received = false, .arrival = {}};
  TimeDelta arrival = reference_time();
  for (unsigned remaining = status_count(); remaining > 0;) {
    const StatusChunk chunk{load_be16(chunks, 0)};
    chunks = chunks.subspan(StatusChunk::kWireSize);
    const unsigned used = std::min<unsigned>(chunk.size(), remaining);
    remaining -= used;
    for (unsigned i = 0; i < used; ++i, ++status.sequence_number) {
      const StatusSymbol symbol = chunk.symbol(i);
      status.received = symbol != StatusSymbol::NotReceived;
      if (symbol == StatusSymbol::SmallDelta) {
        arrival += kArrivalDeltaUnit * deltas[0];
        deltas = deltas.subspan(1);
      } else if (symbol == StatusSymbol::LargeDelta) {
        arrival += kArrivalDeltaUnit * static_cast<std::int16_t>(load_be16(deltas, 0));
        deltas = deltas.subspan(2);
      }
      status.arrival = status.received ? arrival : TimeDelta();
      visit(static_cast<const PacketStatus&>(status));
    }
  }
}

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

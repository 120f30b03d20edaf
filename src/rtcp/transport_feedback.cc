#include "rtcp/transport_feedback.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kFixedSize = 16;
constexpr std::size_t kChunkSize = 2;

enum class Symbol : std::uint8_t { NotReceived, SmallDelta, LargeDelta, Reserved };

//  Status chunks:
//
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |0| S |       run length        | one symbol for all
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |1|0| 14 symbols of one bit     | not received, small delta
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |1|1| 7 symbols of two bits     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct Chunk {
  std::uint16_t bits;

  bool is_vector() const { return (bits & 0x8000) != 0; }
  bool has_two_bit_symbols() const { return (bits & 0x4000) != 0; }
  std::uint16_t size() const {
    if (!is_vector()) return bits & 0x1fff;
    return has_two_bit_symbols() ? 7 : 14;
  }
  Symbol symbol(unsigned index) const {
    if (!is_vector()) return static_cast<Symbol>(bits >> 13 & 0x03);
    if (has_two_bit_symbols()) return static_cast<Symbol>(bits >> (12 - 2 * index) & 0x03);
    return static_cast<Symbol>(bits >> (13 - index) & 0x01);
  }
};

std::size_t delta_size(Symbol symbol) {
  if (symbol == Symbol::SmallDelta) return 1;
  return symbol == Symbol::LargeDelta ? 2 : 0;
}

struct Extent {
  std::size_t chunks_size = 0;
  std::size_t deltas_size = 0;
};

/// How many bytes the chunks for `count` statuses and their deltas take.
Result<Extent, ParseError> measure(Bytes chunks, std::size_t count) {
  Extent extent;
  while (count > 0) {
    if (chunks.size() - extent.chunks_size < kChunkSize) return fail(ParseError::TruncatedBody);
    const Chunk chunk{load_be16(chunks, extent.chunks_size)};
    extent.chunks_size += kChunkSize;
    const std::size_t used = chunk.size() < count ? chunk.size() : count;
    if (used == 0) return fail(ParseError::BadValue);
    const std::size_t distinct = chunk.is_vector() ? used : 1;
    const std::size_t repeated = chunk.is_vector() ? 1 : used;
    for (unsigned i = 0; i < distinct; ++i) {
      if (chunk.symbol(i) == Symbol::Reserved) return fail(ParseError::BadValue);
      extent.deltas_size += repeated * delta_size(chunk.symbol(i));
    }
    count -= used;
  }
  return extent;
}

}  // namespace

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of packet sender                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                  SSRC of media source                         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |      base sequence number     |      packet status count      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                 reference time                | feedback nr.  |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |          status chunks, 16 bits each ...                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  deltas of what was received: 8 bits, or 16 bits signed ...   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<TransportFeedback, ParseError> TransportFeedback::parse(const PacketView& packet) {
  if (packet.type != PacketType::TransportLayerFeedback || packet.count != kTransportCcFormat)
    return fail(ParseError::WrongType);
  if (packet.body.size() < kFixedSize) return fail(ParseError::TruncatedBody);
  const std::size_t count = load_be16(packet.body, 10);
  if (count == 0) return fail(ParseError::BadValue);

  const Bytes rest = packet.body.subspan(kFixedSize);
  const auto extent = measure(rest, count);
  if (!extent) return fail(extent.error());
  if (extent->chunks_size + extent->deltas_size > rest.size())
    return fail(ParseError::TruncatedBody);
  return TransportFeedback(packet.body, extent->chunks_size);
}

TimeDelta TransportFeedback::reference_time() const {
  const std::int32_t units = static_cast<std::int32_t>(load_be24(body_, 12) << 8) >> 8;
  return kReferenceTimeUnit * units;
}

TransportFeedback::Cursor::Cursor(const TransportFeedback& feedback)
    : chunks_(feedback.body_.subspan(kFixedSize, feedback.chunks_size_)),
      deltas_(feedback.body_.subspan(kFixedSize + feedback.chunks_size_)),
      sequence_number_(feedback.base_sequence_number()),
      remaining_(feedback.status_count()),
      arrival_(feedback.reference_time()) {}

bool TransportFeedback::Cursor::next(PacketStatus& status) {
  if (remaining_ == 0) return false;
  --remaining_;
  if (used_of_chunk_ == size_of_chunk_) {
    chunk_ = load_be16(chunks_, 0);
    chunks_ = chunks_.subspan(kChunkSize);
    size_of_chunk_ = Chunk{chunk_}.size();
    used_of_chunk_ = 0;
  }
  const Symbol symbol = Chunk{chunk_}.symbol(used_of_chunk_++);
  status = {.sequence_number = sequence_number_++, .received = symbol != Symbol::NotReceived};
  if (!status.received) return true;

  if (symbol == Symbol::SmallDelta) {
    arrival_ += kArrivalDeltaUnit * deltas_[0];
  } else {
    arrival_ += kArrivalDeltaUnit * static_cast<std::int16_t>(load_be16(deltas_, 0));
  }
  deltas_ = deltas_.subspan(delta_size(symbol));
  status.arrival = arrival_;
  return true;
}

}  // namespace sfu::rtcp

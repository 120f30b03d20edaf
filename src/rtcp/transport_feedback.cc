#include "rtcp/transport_feedback.h"

namespace sfu::rtcp {
namespace {

std::size_t delta_size(StatusSymbol symbol) {
  if (symbol == StatusSymbol::SmallDelta) return 1;
  return symbol == StatusSymbol::LargeDelta ? 2 : 0;
}

struct Extent {
  std::size_t chunks_size = 0;
  std::size_t deltas_size = 0;
};

/// How many bytes the chunks for `count` statuses and their deltas take.
Result<Extent, ParseError> measure(Bytes chunks, std::size_t count) {
  Extent extent;
  while (count > 0) {
    if (chunks.size() - extent.chunks_size < StatusChunk::kWireSize)
      return fail(ParseError::TruncatedBody);
    const StatusChunk chunk{load_be16(chunks, extent.chunks_size)};
    extent.chunks_size += StatusChunk::kWireSize;
    const std::size_t used = chunk.size() < count ? chunk.size() : count;
    if (used == 0) return fail(ParseError::BadValue);
    const std::size_t distinct = chunk.is_vector() ? used : 1;
    const std::size_t repeated = chunk.is_vector() ? 1 : used;
    for (unsigned i = 0; i < distinct; ++i) {
      if (chunk.symbol(i) == StatusSymbol::Reserved) return fail(ParseError::BadValue);
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

}  // namespace sfu::rtcp

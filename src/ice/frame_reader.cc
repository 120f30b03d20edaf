#include "ice/frame_reader.h"

#include <algorithm>
#include <utility>

namespace sfu::ice {

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-------------------------------+-------------------------------+
//  |   size of the datagram        |   STUN, DTLS, RTP or RTCP ... |
//  +-------------------------------+-------------------------------+

std::optional<PacketBuffer> FrameReader::read(Bytes& stream, PacketArena& arena) {
  while (!stream.empty()) {
    if (header_bytes_ < kFrameHeaderSize) {
      read_header(stream, arena);
      continue;
    }
    const std::size_t count = std::min(stream.size(), size_ - payload_bytes_);
    if (buffer_)
      std::copy_n(stream.begin(), count,
                  buffer_.room().begin() + static_cast<std::ptrdiff_t>(payload_bytes_));
    stream = stream.subspan(count);
    payload_bytes_ += count;
    if (payload_bytes_ < size_) continue;
    header_bytes_ = 0;
    if (!buffer_) continue;
    ++counters_.frames;
    buffer_.set_size(size_);
    return std::exchange(buffer_, {});
  }
  return std::nullopt;
}

void FrameReader::read_header(Bytes& stream, PacketArena& arena) {
  size_ = static_cast<std::uint16_t>(size_ << 8 | stream.front());
  stream = stream.subspan(1);
  if (++header_bytes_ < kFrameHeaderSize) return;
  payload_bytes_ = 0;
  if (size_ == 0) {
    ++counters_.empty;
    header_bytes_ = 0;
  } else if (size_ > PacketBuffer::kCapacity) {
    ++counters_.oversized;
  } else if (!(buffer_ = arena.allocate())) {
    ++counters_.no_buffer;
  }
}

}  // namespace sfu::ice

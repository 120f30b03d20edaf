#pragma once

#include <cstdint>
#include <vector>

#include "media/media_for_test.h"

namespace sfu::media::test {

/// The nth frame of a camera, in one packet; its tag is n.
inline PacketSpec frame(std::uint16_t n, bool key_frame = false, std::uint16_t picture_id = 0) {
  PacketSpec spec;
  spec.sequence = n;
  spec.timestamp = 3000u * n;
  spec.marker = true;
  spec.payload =
      vp8_payload({.key_frame = key_frame, .picture_id = picture_id ? picture_id : n, .tag = n});
  return spec;
}

inline std::vector<std::uint32_t> tags(const std::vector<Sent>& sent) {
  std::vector<std::uint32_t> list;
  for (const Sent& packet : sent) list.push_back(packet.vp8_tag());
  return list;
}

/// A viewer misses what it was sent under these sequence numbers.
inline void nack(Consumer& consumer, Timestamp now, const std::vector<std::uint16_t>& lost,
                 TestSink& sink) {
  with_nack(lost, [&](const rtcp::Nack& parsed) { consumer.handle_nack(now, parsed, sink); });
}

}  // namespace sfu::media::test

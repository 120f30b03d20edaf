#include "media/timeline.h"

#include <cstdlib>

#include "media/sender_clock.h"

namespace sfu::media {

std::uint32_t Timeline::start(Timestamp now, std::uint8_t stream, std::uint32_t incoming,
                              const Source& source) {
  std::uint32_t outgoing = newest_;
  if (started_) {
    const std::uint32_t rate = source.clock_rate();
    const auto by_arrival =
        static_cast<std::uint32_t>(newest_ + to_ticks(now - newest_sent_, rate));
    outgoing = by_arrival;
    if (const auto candidate = by_clocks(stream, incoming, source)) {
      const std::int64_t disagreement = rtp::distance(by_arrival, *candidate);
      if (std::abs(disagreement) <= to_ticks(kMaxDisagreement, rate)) outgoing = *candidate;
    }
    if (!rtp::newer_than(outgoing, newest_)) outgoing = newest_ + 1;
  } else {
    newest_sent_ = now;
  }
  started_ = true;
  stream_ = stream;
  shift_ = incoming - outgoing;
  return shift_;
}

std::optional<std::uint32_t> Timeline::by_clocks(std::uint8_t stream, std::uint32_t incoming,
                                                 const Source& source) const {
  if (stream == stream_) return incoming - shift_;
  const auto& from = source.stream(stream).clock;
  const auto& to = source.stream(stream_).clock;
  if (!from || !to) return std::nullopt;
  return translate_timestamp(incoming, *from, *to, source.clock_rate()) - shift_;
}

}  // namespace sfu::media

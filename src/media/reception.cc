#include "media/reception.h"

#include <algorithm>

#include "media/sender_clock.h"

namespace sfu::media {

void Reception::handle_packet(Timestamp now, std::int64_t sequence, std::uint32_t rtp_timestamp,
                              bool repaired) {
  if (!highest_) first_ = sequence;
  // What came before the first would otherwise count as more received than expected.
  first_ = std::min(first_, sequence);
  const bool in_order = !highest_ || sequence > *highest_;
  if (in_order) highest_ = sequence;
  ++received_;
  if (repaired || !in_order) return;  // Says nothing of the path's jitter.

  // RFC 3550 A.8.
  const auto arrival = static_cast<std::uint32_t>(to_ticks(now.time_since_epoch(), clock_rate_));
  const std::uint32_t transit = arrival - rtp_timestamp;
  if (transit_) {
    const auto difference = static_cast<std::int32_t>(transit - *transit_);
    const std::int64_t apart = difference < 0 ? -static_cast<std::int64_t>(difference) : difference;
    jitter_16_ += apart - ((jitter_16_ + 8) >> 4);
  }
  transit_ = transit;
}

void Reception::handle_sender_report(Timestamp now, rtp::NtpTime ntp) {
  last_sender_report_ = ntp.compact();
  sender_report_arrival_ = now;
}

void Reception::restart() {
  highest_.reset();
  received_ = expected_before_ = received_before_ = 0;
  transit_.reset();
}

std::int64_t Reception::cumulative_lost() const { return expected() - received_; }

std::optional<rtcp::ReportBlock> Reception::make_report(Timestamp now, Ssrc ssrc) {
  if (!highest_) return std::nullopt;
  const std::int64_t expected_now = expected() - expected_before_;
  const std::int64_t lost_now = expected_now - (received_ - received_before_);
  expected_before_ = expected();
  received_before_ = received_;
  fraction_lost_ =
      expected_now <= 0 || lost_now <= 0
          ? std::uint8_t{0}
          : static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_now * 256 / expected_now));

  rtcp::ReportBlock block;
  block.ssrc = ssrc;
  block.fraction_lost = fraction_lost_;
  block.cumulative_lost =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(cumulative_lost(), -0x800000, 0x7fffff));
  block.extended_highest_sequence = static_cast<std::uint32_t>(*highest_);
  block.jitter = jitter();
  block.last_sender_report = last_sender_report_;
  if (last_sender_report_ != 0)
    block.delay_since_last_sender_report = rtp::to_compact_ntp(now - sender_report_arrival_);
  return block;
}

}  // namespace sfu::media

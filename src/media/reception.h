#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "rtcp/report_block.h"
#include "rtp/ntp.h"

namespace sfu::media {

/// What a stream's arrivals amount to, as RFC 3550 §6.4.1 and A.3, A.8 count it.
class Reception {
 public:
  explicit Reception(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

  /// `sequence` is unwrapped; repaired packets count as received, duplicates must not come here.
  void handle_packet(Timestamp now, std::int64_t sequence, std::uint32_t rtp_timestamp,
                     bool repaired);
  void handle_sender_report(Timestamp now, rtp::NtpTime ntp);
  /// Begins to count at the next packet.
  void restart();

  /// The block since the last one, and a new interval. Nothing before the first packet.
  std::optional<rtcp::ReportBlock> make_report(Timestamp now, Ssrc ssrc);

  /// By the numbers, from the first packet to the highest.
  std::int64_t expected() const { return highest_ ? *highest_ - first_ + 1 : 0; }
  std::int64_t received() const { return received_; }
  std::int64_t cumulative_lost() const;
  std::uint8_t fraction_lost() const { return fraction_lost_; }
  std::uint32_t jitter() const { return static_cast<std::uint32_t>(jitter_16_ >> 4); }

 private:
  const std::uint32_t clock_rate_;
  std::int64_t first_ = 0;
  std::optional<std::int64_t> highest_;
  std::int64_t received_ = 0;
  std::int64_t expected_before_ = 0;  // At the last report.
  std::int64_t received_before_ = 0;
  std::uint8_t fraction_lost_ = 0;
  std::int64_t jitter_16_ = 0;  // Sixteenths of a tick.
  std::optional<std::uint32_t> transit_;
  std::uint32_t last_sender_report_ = 0;  // Compact NTP.
  Timestamp sender_report_arrival_{};
};

}  // namespace sfu::media

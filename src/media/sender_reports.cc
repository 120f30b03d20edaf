#include "media/sender_reports.h"

#include <algorithm>

#include "media/random_span.h"
#include "rtcp/sender_report.h"
#include "rtcp/source_description.h"

namespace sfu::media {

void SenderReports::schedule(Timestamp now) {
  next_ = now + random_between(random_, interval_ / 2, interval_ * 3 / 2);
}

bool SenderReports::collect(Timestamp now, std::uint32_t clock_rate, std::string_view cname,
                            rtcp::CompoundBuilder& builder) {
  if (!next_ || now < *next_) return true;
  if (packets_ == packets_reported_ || !clock_) {
    next_.reset();  // Until something is sent again.
    return true;
  }
  constexpr std::size_t kSenderReport = 28;
  constexpr std::size_t kChunkOverhead = 16;  // Header, SSRC, item header, terminator, padding.
  if (builder.room() < kSenderReport + kChunkOverhead + cname.size()) return false;

  const TimeDelta since = now - clock_->arrival;
  rtcp::SenderInfo info;
  info.sender = ssrc_;
  info.ntp = add(clock_->ntp, since);
  info.rtp_timestamp =
      static_cast<std::uint32_t>(clock_->rtp_timestamp + to_ticks(since, clock_rate));
  info.packet_count = static_cast<std::uint32_t>(packets_);
  info.octet_count = static_cast<std::uint32_t>(payload_bytes_);
  rtcp::append_sender_report(builder, info);
  rtcp::append_source_description(builder, ssrc_, {{rtcp::SdesType::Cname, cname}});

  newest_report_ = (newest_report_ + 1) % kRemembered;
  reports_[newest_report_] = {info.ntp.compact(), now};
  packets_reported_ = packets_;
  schedule(now);
  return true;
}

void SenderReports::handle_report_block(Timestamp now, const rtcp::ReportBlock& block) {
  fraction_lost_ = block.fraction_lost;
  packets_lost_ = static_cast<std::uint64_t>(std::max(0, block.cumulative_lost));
  jitter_ = block.jitter;
  if (block.last_sender_report == 0) return;
  for (const Report& report : reports_) {
    if (report.compact_ntp != block.last_sender_report) continue;
    const TimeDelta held = rtp::from_compact_ntp(block.delay_since_last_sender_report);
    rtt_ = std::max(TimeDelta::zero(), now - report.left - held);
    return;
  }
}

}  // namespace sfu::media

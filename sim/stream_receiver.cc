#include "sim/stream_receiver.h"

#include <algorithm>
#include <array>

#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtp/rtx.h"

namespace sfu::sim {
namespace {

constexpr TimeDelta kNackInterval = std::chrono::milliseconds(80);
constexpr TimeDelta kPatience = std::chrono::milliseconds(400);  // Before a PLI.
constexpr TimeDelta kReportInterval = std::chrono::seconds(1);
constexpr TimeDelta kSilence = std::chrono::seconds(3);
constexpr std::size_t kMaxComplaints = 20;
constexpr std::int64_t kMaxMissing = 500;
/// Packets so old are no longer told from those that come twice.
constexpr std::int64_t kRemembered = 5000;

}  // namespace

void StreamReceiver::complain(const std::string& what) {
  if (complaints_.size() < kMaxComplaints)
    complaints_.push_back("ssrc " + std::to_string(options_.ssrc.value) + ": " + what);
}

void StreamReceiver::handle_rtp(Timestamp now, Bytes bytes) {
  const auto packet = rtp::PacketView::parse(bytes);
  if (!packet) return complain("not RTP");
  const bool is_rtx = options_.rtx_ssrc && packet->ssrc() == *options_.rtx_ssrc;
  if (packet->payload_type() != (is_rtx ? options_.rtx_payload_type : options_.payload_type))
    complain("payload type " + std::to_string(packet->payload_type()));
  const auto mid = packet->extension(options_.mid_id);
  if (options_.mid_id != 0 && (!mid || as_text(*mid) != options_.mid)) complain("MID is wrong");

  if (!is_rtx)
    return handle_media(now, packet->sequence_number(), *packet, packet->payload(), false);
  const auto original = rtp::original_sequence_number(*packet);
  if (original)
    handle_media(now, *original, *packet, packet->payload().subspan(rtp::kOsnSize), true);
}

void StreamReceiver::handle_media(Timestamp now, std::uint16_t sequence_number,
                                  const rtp::PacketView& packet, Bytes payload, bool is_rtx) {
  ++packets_;
  // A receiver that has heard nothing for long begins anew.
  const bool anew = last_packet_at_ && now - *last_packet_at_ > kSilence;
  last_packet_at_ = now;
  if (anew) last_frame_.reset();
  const auto newest = anew ? std::nullopt : unwrapper_.newest();
  const std::int64_t sequence = unwrapper_.unwrap(sequence_number);
  if (!first_) first_ = sequence;
  if (newest && sequence > *newest + kMaxMissing)
    return complain("sequence number jumps by " + std::to_string(sequence - *newest));
  if (newest)
    for (std::int64_t lost = *newest + 1; lost < sequence; ++lost)
      missing_.emplace(lost, Timestamp{});
  if (!received_.insert(sequence).second) return;  // The network duplicates.
  ++received_count_;
  while (*received_.begin() < sequence - kRemembered) received_.erase(received_.begin());
  if (missing_.erase(sequence) != 0 && is_rtx) ++repaired_;

  const auto part = read_picture_part(payload);
  if (!part) return complain("payload is not what was sent");
  Frame& frame = frames_[timestamps_.unwrap(packet.timestamp())];
  if (frame.parts.empty()) {
    frame.head = *part;
  } else if (frame.head.frame != part->frame || frame.head.stream != part->stream ||
             frame.head.picture_id != part->picture_id) {
    complain("two pictures under one timestamp");
  }
  frame.parts.insert(part->part);
  decode(now);
}

void StreamReceiver::decode(Timestamp now) {
  bool progressed = true;
  while (progressed) {
    progressed = false;
    for (auto& [timestamp, frame] : frames_) {
      if (last_decoded_ && timestamp <= *last_decoded_) continue;
      if (frame.parts.size() != frame.head.parts) continue;
      const bool follows =
          last_picture_id_ && frame.head.picture_id == ((*last_picture_id_ + 1) & 0x7fff);
      if (options_.is_video && !frame.head.is_key_frame && !follows) continue;
      check_order(timestamp, frame.head);
      if (last_frame_at_) longest_gap_ = std::max(longest_gap_, now - *last_frame_at_);
      if (!first_frame_at_) first_frame_at_ = now;
      last_frame_at_ = now;
      last_decoded_ = timestamp;
      last_picture_id_ = frame.head.picture_id;
      last_frame_ = frame.head;
      last_stream_ = frame.head.stream;
      ++frames_decoded_;
      if (frame.head.is_key_frame) ++key_frames_decoded_;
      stuck_since_.reset();
      progressed = true;
      break;
    }
  }
  if (last_decoded_) frames_.erase(frames_.begin(), frames_.upper_bound(*last_decoded_));
  if (!frames_.empty() && !stuck_since_) stuck_since_ = now;
}

/// The numbers of a picture go on from those of the one before it, whatever layer either is of.
void StreamReceiver::check_order(std::int64_t timestamp, const PicturePart& head) {
  if (!last_frame_ || !last_decoded_) return;
  const std::int64_t ticks = timestamp - *last_decoded_;
  const std::int64_t frames = static_cast<std::int32_t>(head.frame - last_frame_->frame);
  const TimeDelta elapsed(ticks * 1'000'000 / options_.clock_rate);
  worst_timestamp_ =
      std::max(worst_timestamp_, std::chrono::abs(elapsed - frames * options_.frame_interval));
  if (!options_.is_video) return;
  const bool follows = head.picture_id == ((last_frame_->picture_id + 1) & 0x7fff);
  // A picture whose end the server itself missed at a switch is all that may be passed over.
  const bool passes_over = frames_.begin()->first < timestamp;
  if (!follows && missing_.empty() && !passes_over)
    complain("picture id jumps from " + std::to_string(last_frame_->picture_id) + " to " +
             std::to_string(head.picture_id) + " although nothing is missing");
  const auto next_tl0 = static_cast<std::uint8_t>(last_frame_->tl0_picture_index + 1);
  if (follows && head.tl0_picture_index != next_tl0)
    complain("TL0PICIDX " + std::to_string(head.tl0_picture_index) + " after " +
             std::to_string(last_frame_->tl0_picture_index));
}

TimeDelta StreamReceiver::capture_time(std::uint32_t timestamp) const {
  if (!last_frame_ || !last_decoded_) return {};
  const auto ticks =
      static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(*last_decoded_));
  return last_frame_->frame * options_.frame_interval +
         TimeDelta(std::int64_t{ticks} * 1'000'000 / options_.clock_rate);
}

void StreamReceiver::handle_sender_report(Timestamp now, const rtcp::SenderInfo& info) {
  sender_report_ = info;
  sender_report_at_ = now;
}

TimeDelta StreamReceiver::longest_gap(Timestamp now) const {
  return last_frame_at_ ? std::max(longest_gap_, now - *last_frame_at_) : TimeDelta::max();
}

void StreamReceiver::reset_gap(Timestamp now) {
  longest_gap_ = TimeDelta(0);
  worst_timestamp_ = TimeDelta(0);
  last_frame_at_ = now;
}

void StreamReceiver::collect_rtcp(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder) {
  std::vector<std::uint16_t> lost;
  const std::int64_t newest = unwrapper_.newest().value_or(0);
  std::erase_if(missing_, [&](const auto& entry) { return entry.first < newest - kMaxMissing; });
  for (auto& [sequence, asked_at] : missing_) {
    if (asked_at != Timestamp{} && now - asked_at < kNackInterval) continue;
    asked_at = now;
    lost.push_back(static_cast<std::uint16_t>(sequence));
  }
  if (options_.rtx_ssrc && !lost.empty()) {
    ++nacks_;
    rtcp::append_nack(builder, sender, options_.ssrc, lost);
  }
  if (options_.is_video && stuck_since_ && now - *stuck_since_ > kPatience &&
      (!last_pli_ || now - *last_pli_ > kPatience)) {
    last_pli_ = now;
    ++plis_;
    rtcp::append_pli(builder, {sender, options_.ssrc});
  }
  if (packets_ != 0 && (!last_report_ || now - *last_report_ >= kReportInterval)) {
    last_report_ = now;
    append_report(now, sender, builder);
  }
}

void StreamReceiver::append_report(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder) {
  const std::int64_t newest = *unwrapper_.newest();
  rtcp::ReportBlock block;
  block.ssrc = options_.ssrc;
  block.extended_highest_sequence = static_cast<std::uint32_t>(newest);
  block.cumulative_lost = static_cast<std::int32_t>(newest - *first_ + 1 - received_count_);
  if (sender_report_) {
    block.last_sender_report = sender_report_->ntp.compact();
    block.delay_since_last_sender_report = rtp::to_compact_ntp(now - *sender_report_at_);
  }
  rtcp::append_receiver_report(builder, sender, std::array{block});
}

}  // namespace sfu::sim

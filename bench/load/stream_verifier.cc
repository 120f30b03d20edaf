#include "load/stream_verifier.h"

#include <algorithm>
#include <cmath>

#include "rtp/ntp.h"
#include "rtp/rtx.h"

namespace sfu::load {
namespace {

constexpr TimeDelta kAskAgainAfter = std::chrono::milliseconds(100);
constexpr TimeDelta kGiveUpAfter = std::chrono::seconds(2);
constexpr std::uint16_t kPictureIdMask = 0x7fff;
constexpr double kVideoClock = 90'000;
constexpr double kOpusClock = 48'000;

}  // namespace

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::Damaged: return "damaged payload";
    case Fault::WrongPublisher: return "another publisher's packet";
    case Fault::WrongPayloadType: return "wrong payload type";
    case Fault::WrongMid: return "wrong MID";
    case Fault::SequenceJump: return "jump of sequence numbers";
    case Fault::PictureIdJump: return "jump of picture ids";
    case Fault::TimestampJump: return "jump of timestamps";
    case Fault::NotAKeyFrame: return "start without a key frame";
    case Fault::Repeated: return "packet came twice";
  }
  return "unknown";
}

void StreamVerifier::Counters::add(const Counters& other) {
  for (std::size_t i = 0; i < kFaults; ++i) faults[i] += other.faults[i];
  packets += other.packets;
  padding_bytes += other.padding_bytes;
  padding_packets += other.padding_packets;
  late += other.late;
  frames += other.frames;
  key_frames += other.key_frames;
  broken_frames += other.broken_frames;
  never_came += other.never_came;
  in_window += other.in_window;
}

std::uint64_t StreamVerifier::Counters::fault_count() const {
  std::uint64_t sum = 0;
  for (const auto count : faults) sum += count;
  return sum;
}

bool StreamVerifier::note_fault(Fault fault) {
  ++counters_.faults[static_cast<std::size_t>(fault)];
  return false;
}

StreamVerifier::Verdict StreamVerifier::handle_rtp(Nanoseconds arrival,
                                                   const rtp::PacketView& packet) {
  const bool is_rtx = packet.ssrc() != options_.ssrc;
  counters_.padding_bytes += packet.padding_size();
  if (!check_header(packet, is_rtx)) return {};

  Bytes payload = packet.payload();
  std::uint16_t sequence_number = packet.sequence_number();
  if (is_rtx) {
    const auto original = rtp::original_sequence_number(packet);
    if (!original) {
      ++counters_.padding_packets;
      return {};
    }
    sequence_number = *original;
    payload = payload.subspan(rtp::kOsnSize);
  }
  const Order order = note_sequence(to_timestamp(arrival), sequence_number);
  if (payload.empty()) {
    ++counters_.padding_packets;
    return {};
  }
  const auto media = options_.is_audio ? read_audio_payload(payload) : read_video_payload(payload);
  if (!media) {
    note_fault(Fault::Damaged);
    return {};
  }
  const Stamp& stamp = media->stamp;
  if (stamp.run != options_.run || stamp.publisher != options_.publisher ||
      stamp.is_audio != options_.is_audio) {
    note_fault(Fault::WrongPublisher);
    return {};
  }
  if (order != Order::Late || !first_packet_ || stamp.encoding == encoding_)
    check_numbering(packet, *media);
  if (!note_number(stamp)) {
    if (!is_rtx && !was_asked_for(sequence_number)) note_fault(Fault::Repeated);
    return {};
  }
  ++counters_.packets;
  if (window_.holds(stamp.sent_at)) ++counters_.in_window;
  if (order != Order::Next) ++counters_.late;
  const bool had_key_frame = has_key_frame();
  const bool completed = note_frame(stamp);
  if (order == Order::Next) note_arrival(arrival, packet.timestamp());
  return {.media = media,
          .in_order = order == Order::Next,
          .completed_key_frame = completed && !had_key_frame && has_key_frame()};
}

bool StreamVerifier::check_header(const rtp::PacketView& packet, bool is_rtx) {
  if (packet.payload_type() != (is_rtx ? options_.rtx_payload_type : options_.payload_type))
    return note_fault(Fault::WrongPayloadType);
  if (options_.mid_id == 0) return true;
  // A server may leave the MID out once the viewer knows the SSRC, but not send another.
  const auto mid = packet.extension(options_.mid_id);
  return !mid || as_text(*mid) == options_.mid || note_fault(Fault::WrongMid);
}

StreamVerifier::Order StreamVerifier::note_sequence(Timestamp now, std::uint16_t sequence_number) {
  const auto newest = unwrapper_.newest();
  std::int64_t sequence = unwrapper_.peek(sequence_number);
  ++sequence_packets_;
  if (!newest || std::abs(sequence - *newest) > kMaxJump) {
    if (newest) note_fault(Fault::SequenceJump);
    unwrapper_.reset();
    first_sequence_ = reported_sequence_ = unwrapper_.unwrap(sequence_number);
    sequence_packets_ = reported_packets_ = 1;
    missing_count_ = 0;
    return Order::Next;
  }
  if (sequence > *newest) {
    for (std::int64_t lost = *newest + 1; lost < sequence; ++lost) {
      if (missing_count_ == kMaxMissing) give_up_oldest();
      missing_[missing_count_++] = {lost, now, Timestamp{}};
      asked_.reset(static_cast<std::uint16_t>(lost) % kRecentQuestions);
    }
    unwrapper_.unwrap(sequence_number);
    asked_.reset(sequence_number % kRecentQuestions);
    return Order::Next;
  }
  const auto end = missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_);
  const auto found =
      std::lower_bound(missing_.begin(), end, sequence,
                       [](const Missing& m, std::int64_t s) { return m.sequence < s; });
  if (found == end || found->sequence != sequence) return Order::Repeated;
  std::copy(found + 1, end, found);
  --missing_count_;
  return Order::Late;
}

void StreamVerifier::give_up_oldest() {
  std::copy(missing_.begin() + 1, missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_),
            missing_.begin());
  --missing_count_;
  ++counters_.never_came;
}

/// By the publisher's numbers: false where the packet was here before.
bool StreamVerifier::note_number(const Stamp& stamp) {
  if (!first_packet_ || stamp.encoding != encoding_) {
    if (!options_.is_audio && (!stamp.is_key_frame || stamp.part != 0))
      note_fault(Fault::NotAKeyFrame);
    if (!first_packet_) first_packet_ = stamp.packet;
    encoding_ = stamp.encoding;
    highest_packet_ = stamp.packet;
    highest_frame_ = stamp.frame;
    seen_packets_.reset();
    frames_ = {};
  }
  const std::int32_t ahead = rtp::distance(highest_packet_, stamp.packet);
  if (ahead <= -static_cast<std::int32_t>(kRecentPackets)) return false;
  for (std::int32_t i = 1; i <= std::min<std::int32_t>(ahead, kRecentPackets); ++i)
    seen_packets_.reset((highest_packet_ + static_cast<std::uint32_t>(i)) % kRecentPackets);
  if (ahead > 0) highest_packet_ = stamp.packet;
  if (seen_packets_.test(stamp.packet % kRecentPackets)) return false;
  seen_packets_.set(stamp.packet % kRecentPackets);
  return true;
}

/// What a server renumbers stays in step with the publisher's own numbers. Where a viewer's stream
/// begins, or begins anew, the step may change, and picture ids go on from the last.
void StreamVerifier::check_numbering(const rtp::PacketView& packet, const ReadPayload& media) {
  const Stamp& stamp = media.stamp;
  const std::uint32_t timestamp_offset = packet.timestamp() - stamp.rtp_timestamp;
  const auto picture_id_offset =
      static_cast<std::uint16_t>((media.numbers.picture_id - stamp.frame) & kPictureIdMask);
  const bool may_change =
      !first_packet_ || (stamp.is_key_frame && stamp.part == 0 && !options_.is_audio);
  if (!may_change && timestamp_offset != timestamp_offset_) note_fault(Fault::TimestampJump);
  timestamp_offset_ = timestamp_offset;
  if (options_.is_audio) return;
  const bool follows =
      media.numbers.picture_id == ((last_picture_id_ + 1) & kPictureIdMask) || missing_count_ != 0;
  if (picture_id_offset != picture_id_offset_ && first_packet_ && !(may_change && follows))
    note_fault(Fault::PictureIdJump);
  picture_id_offset_ = picture_id_offset;
  last_picture_id_ = media.numbers.picture_id;
}

/// True where the frame is complete now.
bool StreamVerifier::note_frame(const Stamp& stamp) {
  Frame& frame = frames_[stamp.frame % kRecentFrames];
  if (frame.parts == 0 || frame.number != stamp.frame) {
    if (frame.parts != 0) {
      if (rtp::newer_than(frame.number, stamp.frame)) return false;
      if (frame.received != frame.parts) ++counters_.broken_frames;
    }
    frame = {stamp.frame, stamp.parts, 0};
  }
  ++frame.received;
  if (frame.received != frame.parts) return false;
  ++counters_.frames;
  if (stamp.is_key_frame) ++counters_.key_frames;
  return true;
}

void StreamVerifier::note_arrival(Nanoseconds arrival, std::uint32_t timestamp) {
  const double clock = options_.is_audio ? kOpusClock : kVideoClock;
  const bool is_first = first_arrival_ == Nanoseconds(0);
  if (is_first) first_arrival_ = arrival;
  const double seconds = std::chrono::duration<double>(arrival - first_arrival_).count();
  const double transit = seconds * clock - static_cast<double>(timestamp);
  if (!is_first) {
    // Timestamps wrap and may begin anew: a second of difference is not jitter.
    const double difference = std::abs(transit - last_transit_);
    if (difference < clock) jitter_ += (difference - jitter_) / 16;
    if (options_.is_audio || has_key_frame())
      longest_gap_ = std::max(longest_gap_, arrival - last_arrival_);
  }
  last_transit_ = transit;
  last_arrival_ = arrival;
}

Nanoseconds StreamVerifier::jitter() const {
  const double clock = options_.is_audio ? kOpusClock : kVideoClock;
  return Nanoseconds(static_cast<std::int64_t>(jitter_ / clock * 1e9));
}

void StreamVerifier::handle_sender_report(Timestamp now, const rtcp::SenderInfo& info) {
  sender_report_ = info;
  sender_report_at_ = now;
}

std::size_t StreamVerifier::collect_nack(Timestamp now, std::span<std::uint16_t> out) {
  while (missing_count_ != 0 && now - missing_[0].since > kGiveUpAfter) give_up_oldest();
  if (options_.rtx_ssrc.value == 0) return 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < missing_count_ && count < out.size(); ++i) {
    Missing& missing = missing_[i];
    if (missing.asked_at != Timestamp{} && now - missing.asked_at < kAskAgainAfter) continue;
    missing.asked_at = now;
    out[count] = static_cast<std::uint16_t>(missing.sequence);
    asked_.set(out[count++] % kRecentQuestions);
  }
  return count;
}

std::optional<rtcp::ReportBlock> StreamVerifier::report(Timestamp now) {
  const auto newest = unwrapper_.newest();
  if (!newest) return std::nullopt;
  rtcp::ReportBlock block;
  block.ssrc = options_.ssrc;
  block.extended_highest_sequence = static_cast<std::uint32_t>(*newest);
  block.jitter = static_cast<std::uint32_t>(jitter_);
  const std::int64_t expected = *newest - first_sequence_ + 1;
  block.cumulative_lost =
      static_cast<std::int32_t>(expected - static_cast<std::int64_t>(sequence_packets_));
  const std::int64_t lately = *newest - reported_sequence_;
  const std::int64_t came = static_cast<std::int64_t>(sequence_packets_ - reported_packets_);
  if (lately > came && lately > 0)
    block.fraction_lost = static_cast<std::uint8_t>((lately - came) * 255 / lately);
  reported_sequence_ = *newest;
  reported_packets_ = sequence_packets_;
  if (sender_report_) {
    block.last_sender_report = sender_report_->ntp.compact();
    block.delay_since_last_sender_report = rtp::to_compact_ntp(now - sender_report_at_);
  }
  return block;
}

}  // namespace sfu::load

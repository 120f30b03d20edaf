#include "media/stream_receiver.h"

#include <algorithm>
#include <array>

#include "rtcp/fir.h"
#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtp/sequence.h"

namespace sfu::media {
namespace {

constexpr std::int64_t kSequenceCycle = 65536;

}  // namespace

StreamReceiver::StreamReceiver(const Options& options)
    : options_(options), reception_(options.clock_rate) {}

void StreamReceiver::set_ssrc(Ssrc ssrc) {
  if (options_.ssrc == ssrc) return;
  options_.ssrc = ssrc;
  if (!highest_) return;
  // The numbers of the new SSRC are a jump that needs no second packet to be believed.
  highest_ = *highest_ + kSequenceCycle;
  restart_candidate_.reset();
  believes_next_ = true;
}

StreamReceiver::Placed StreamReceiver::place(Timestamp now, std::uint16_t sequence_number,
                                             std::uint32_t rtp_timestamp, bool repaired,
                                             bool quiet) {
  using Verdict = Placed::Verdict;
  Placed placed;
  if (!highest_) {
    highest_ = placed.sequence = sequence_number;
  } else {
    const std::int64_t jump = rtp::distance(static_cast<std::uint16_t>(*highest_), sequence_number);
    placed.sequence = *highest_ + jump;
    if (believes_next_ && !repaired) {
      placed = restart(now, sequence_number, jump, quiet);
    } else if (jump > 0 && jump < kMaxDropout) {
      if (!quiet) losses_.add(now, *highest_ + 1, placed.sequence - 1);
      highest_ = placed.sequence;
      restart_candidate_.reset();
    } else if (losses_.remove(placed.sequence)) {
      placed.verdict = Verdict::Late;
    } else if (repaired || is_only_late(jump, rtp_timestamp)) {
      placed.verdict = Verdict::Duplicate;
    } else {
      placed = restart(now, sequence_number, jump, quiet);
    }
  }
  if (placed.verdict == Verdict::New || placed.verdict == Verdict::Late)
    reception_.handle_packet(now, placed.sequence, rtp_timestamp, repaired);
  if (placed.verdict == Verdict::New) highest_timestamp_ = rtp_timestamp;
  return placed;
}

bool StreamReceiver::is_only_late(std::int64_t jump, std::uint32_t rtp_timestamp) const {
  if (jump > 0 || jump <= -kMaxLateness) return false;
  return jump > -kMaxMisorder || !rtp::newer_than(rtp_timestamp, highest_timestamp_);
}

StreamReceiver::Placed StreamReceiver::restart(Timestamp now, std::uint16_t sequence_number,
                                               std::int64_t jump, bool quiet) {
  const bool confirmed = restart_candidate_ == sequence_number;
  if (!confirmed && !believes_next_) {
    restart_candidate_ = static_cast<std::uint16_t>(sequence_number + 1);
    return {Placed::Verdict::OnProbation, 0};
  }
  highest_ = *highest_ + jump + (jump > kMaxDropout ? 0 : kSequenceCycle);
  losses_.clear();
  reception_.restart();
  // The packet that raised the suspicion was dropped: it may well have begun a key frame.
  if (confirmed && !quiet) losses_.add(now, *highest_ - 1, *highest_ - 1);
  restart_candidate_.reset();
  believes_next_ = false;
  return {Placed::Verdict::New, *highest_};
}

bool StreamReceiver::expire_losses(Timestamp now) {
  losses_.expire(now);
  const auto given_up = losses_.take_given_up();
  return given_up && (!latest_key_frame_ || *given_up > *latest_key_frame_);
}

bool StreamReceiver::collect_nack(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder) {
  if (!options_.nack || !options_.ssrc) return true;
  // One item carries up to 17 numbers, but scattered ones need an item each.
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kMaxAtOnce = 128;
  for (;;) {
    if (builder.room() < kHeader + rtcp::NackItem::kWireSize) return !losses_.has_due(now);
    const std::size_t fitting = (builder.room() - kHeader) / rtcp::NackItem::kWireSize;
    std::array<std::int64_t, kMaxAtOnce> due;
    const std::size_t count =
        losses_.take_due(now, std::span(due).first(std::min(fitting, kMaxAtOnce)));
    if (count == 0) return true;
    std::array<std::uint16_t, kMaxAtOnce> lost;
    for (std::size_t i = 0; i < count; ++i) lost[i] = static_cast<std::uint16_t>(due[i]);
    rtcp::append_nack(builder, sender, *options_.ssrc, std::span(lost).first(count));
    ++nacks_;
    nacked_packets_ += static_cast<std::uint32_t>(count);
  }
}

bool StreamReceiver::append_key_frame_request(Ssrc sender, rtcp::CompoundBuilder& builder) {
  if (options_.pli) {
    if (!rtcp::append_pli(builder, {sender, *options_.ssrc})) return false;
    ++plis_;
    return true;
  }
  const rtcp::FirEntry entry{*options_.ssrc, static_cast<std::uint8_t>(fir_number_ + 1)};
  if (!rtcp::append_fir(builder, sender, std::span(&entry, 1))) return false;
  ++fir_number_;
  ++firs_;
  return true;
}

StreamReceiver::Structures& StreamReceiver::structures() {
  if (!structures_) structures_ = std::make_unique<Structures>();
  return *structures_;
}

void StreamReceiver::count_packet(Timestamp now, std::size_t bytes, bool is_rtx) {
  ++packets_;
  bytes_ += bytes;
  if (is_rtx) ++retransmitted_;
  rate_.add(now, bytes);
}

void StreamReceiver::count_layer(Timestamp now, std::size_t bytes, std::uint8_t spatial,
                                 std::uint8_t temporal) {
  if (!layers_ && spatial == 0 && temporal == 0) return;
  if (!layers_) layers_ = std::make_unique<LayerRates>();
  layers_->add(now, spatial, temporal, bytes);
}

void StreamReceiver::measure_score(Timestamp now, bool paused) {
  if (!highest_) return;
  const ArrivalScore::Totals totals{.expected = reception_.expected(),
                                    .received = reception_.received(),
                                    .repaired = static_cast<std::int64_t>(repaired_)};
  if (paused)
    score_.skip(now, totals);
  else
    score_.measure(now, totals);
}

RtpStreamStats StreamReceiver::stats(Timestamp now) const {
  RtpStreamStats stats;
  stats.inbound = true;
  stats.ssrc = options_.ssrc.value_or(Ssrc{});
  stats.rtx_ssrc = options_.rtx_ssrc;
  stats.rid = options_.rid;
  stats.packets = packets_;
  stats.bytes = bytes_;
  stats.bitrate_bps = static_cast<std::uint64_t>(rate_.rate(now).bps());
  stats.packets_lost =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, reception_.cumulative_lost()));
  stats.fraction_lost = reception_.fraction_lost();
  stats.packets_discarded = discarded_;
  stats.packets_retransmitted = retransmitted_;
  stats.packets_repaired = repaired_;
  stats.nack_count = nacks_;
  stats.nack_packet_count = nacked_packets_;
  stats.pli_count = plis_;
  stats.fir_count = firs_;
  stats.jitter = reception_.jitter();
  stats.key_frames = key_frames_;
  stats.score = score().value_or(0);
  if (layers_) stats.layers = layers_->bitrates(now);
  return stats;
}

}  // namespace sfu::media

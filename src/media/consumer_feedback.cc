#include <algorithm>

#include "media/consumer.h"

namespace sfu::media {

// What comes from the viewer.

void Consumer::handle_nack(Timestamp now, const rtcp::Nack& nack, PacketSink& sink) {
  ++nacks_;
  if (!can_flow()) return;
  nack.for_each_lost([&](std::uint16_t lost) {
    ++nacked_packets_;
    retransmit(now, lost, sink);
  });
}

void Consumer::retransmit(Timestamp now, std::uint16_t sequence_number, PacketSink& sink) {
  auto place = numbering_.find_outgoing(sequence_number);
  if (!place) return;
  const ReceivedPacket* packet = source()->stream(place->stream).history.find(place->number);
  if (!packet || now - packet->arrival > History::kMaxAge) return;
  place->number = numbering_.unwrap(sequence_number);
  const TimeDelta rtt = reports_.round_trip_time().value_or(TimeDelta::zero());
  if (!budget_.take(now, place->number, packet->view.datagram().size(), rtt)) return;
  Leaving leaving = out_of_order(*packet, *place);
  leaving.is_repetition = true;
  if (send(now, *packet, leaving, sink)) ++retransmitted_;
}

void Consumer::handle_key_frame_request(Timestamp now, KeyFrameFeedback feedback) {
  ++(feedback == KeyFrameFeedback::Pli ? plis_ : firs_);
  request_key_frame(now);
}

void Consumer::handle_report_block(Timestamp now, const rtcp::ReportBlock& block) {
  reports_.handle_report_block(now, block);
  measure_score(now);
}

void Consumer::measure_score(Timestamp now) {
  if (measured_ && now - measured_->at < kScoreInterval) return;
  const Measured before = measured_.value_or(Measured{});
  measured_ = {now, sent_, reports_.packets_lost(), retransmitted_};
  const auto growth = [](std::uint64_t from, std::uint64_t to) {
    return static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from);
  };
  const std::int64_t retransmitted = growth(before.retransmitted, retransmitted_);
  score_.handle_interval({.packets = growth(before.sent, sent_) - retransmitted,
                          .missed = growth(before.lost, measured_->lost),
                          .repaired = retransmitted});
  tell_score();
}

/// What is as good as at its beginning is told with the viewer's first report, and not before.
void Consumer::handle_source_score(Timestamp) {
  if (measured_ || told_scores_ || source_score() < StreamScore::kBest) tell_score();
}

std::uint8_t Consumer::source_score() const {
  if (!numbering_.active()) return StreamScore::kBest;
  return source()->stream(numbering_.stream()).score.value_or(StreamScore::kBest);
}

void Consumer::tell_score() {
  if (!can_flow() || !numbering_.active()) return;
  const Scores scores{score_.value(), source_score()};
  if (told_scores_ == scores) return;
  if (source()->events().post(ConsumerScored{id_, scores.own, scores.producer}))
    told_scores_ = scores;
}

// What it is told.

bool Consumer::collect_rtcp(Timestamp now, rtcp::CompoundBuilder& builder) {
  if (!source()) return true;
  if (const auto at = reports_.next_timeout(); at && *at <= now) update_clock();
  return reports_.collect(now, source()->clock_rate(), cname_, builder);
}

void Consumer::update_clock() {
  if (!numbering_.active()) return;
  auto clock = source()->stream(numbering_.stream()).clock;
  if (!clock) return;
  clock->rtp_timestamp -= shift_.timestamp;
  reports_.set_clock(*clock);
}

ConsumerStats Consumer::stats(Timestamp now) const {
  ConsumerStats stats;
  stats.consumer = id_;
  stats.producer = producer_;
  stats.kind = kind_;
  stats.paused = paused_;
  stats.priority = priority_;
  if (numbering_.active()) stats.encoding = numbering_.stream();
  stats.producer_paused = source() && source()->paused();
  RtpStreamStats& stream = stats.stream;
  stream.inbound = false;
  stream.timestamp_ms = to_milliseconds(now);
  stream.ssrc = ssrc_;
  stream.rtx_ssrc = rtx_ssrc_;
  stream.kind = kind_;
  stream.mime_type = mime_type_of(codecs_.first()->codec);
  stream.packets = sent_;
  stream.bytes = bytes_;
  stream.bitrate_bps = static_cast<std::uint64_t>(rate_.rate(now).bps());
  stream.packets_lost = reports_.packets_lost();
  stream.fraction_lost = reports_.fraction_lost();
  stream.packets_discarded = discarded_;
  stream.packets_retransmitted = retransmitted_;
  stream.nack_count = nacks_;
  stream.nack_packet_count = nacked_packets_;
  stream.pli_count = plis_;
  stream.fir_count = firs_;
  stream.jitter = reports_.jitter();
  stream.key_frames = key_frames_;
  stream.score = score_.value();
  if (const auto rtt = reports_.round_trip_time())
    stream.round_trip_time_ms = std::chrono::duration<double, std::milli>(*rtt).count();
  return stats;
}

}  // namespace sfu::media

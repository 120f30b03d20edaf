#include "core/stats_conversion.h"

#include <chrono>
#include <string_view>

namespace sfu::core {
namespace {

std::int64_t milliseconds(Timestamp now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

/// By mediasoup's names; "awaiting fingerprint" is our own business.
std::string_view name(dtls::State state) {
  const bool awaits = state == dtls::State::AwaitingFingerprint;
  return to_string(awaits ? dtls::State::Connecting : state);
}

RtpStreamStats convert(Timestamp now, const media::RtpStreamStats& from) {
  return {.inbound = from.inbound,
          .timestamp_ms = milliseconds(now),
          .ssrc = from.ssrc,
          .rtx_ssrc = from.rtx_ssrc,
          .rid = from.rid,
          .kind = from.kind,
          .mime_type = from.mime_type,
          .packets = from.packets,
          .bytes = from.bytes,
          .bitrate_bps = from.bitrate_bps,
          .packets_lost = from.packets_lost,
          .fraction_lost = from.fraction_lost,
          .packets_discarded = from.packets_discarded,
          .packets_retransmitted = from.packets_retransmitted,
          .packets_repaired = from.packets_repaired,
          .nack_count = from.nack_count,
          .nack_packet_count = from.nack_packet_count,
          .pli_count = from.pli_count,
          .fir_count = from.fir_count,
          .jitter = from.jitter,
          .round_trip_time_ms = from.round_trip_time_ms,
          .key_frames = from.key_frames};
}

}  // namespace

TransportStats stats_of(Timestamp now, const transport::WebRtcTransport& transport) {
  const auto& counters = transport.counters();
  const auto& sent = transport.send_counters();
  const transport::SecureChannel& channel = transport.channel();
  TransportStats stats;
  stats.transport = transport.id();
  stats.timestamp_ms = milliseconds(now);
  stats.ice_state = to_string(channel.ice_state());
  stats.dtls_state = name(channel.dtls_state());
  if (const auto& path = channel.selected_path())
    stats.selected_path = path->local.to_string() + " → " + path->remote.to_string() + " udp";
  stats.srtp_profile = channel.srtp_profile();
  stats.bytes_received = counters.bytes_received;
  stats.bytes_sent = sent.bytes + counters.control_bytes_sent;
  stats.packets_received = counters.packets_received;
  stats.packets_sent = sent.packets + counters.control_packets_sent;
  stats.rtp_bytes_received = counters.rtp_bytes_received;
  stats.rtp_bytes_sent = sent.rtp_bytes;
  stats.rtx_bytes_received = counters.rtx_bytes_received;
  stats.rtx_bytes_sent = sent.rtx_bytes;
  const auto rates = transport.rates(now);
  stats.receive_bps = rates.received.bps();
  stats.send_bps = rates.sent.bps();
  stats.rtx_receive_bps = rates.rtx_received.bps();
  stats.rtx_send_bps = rates.rtx_sent.bps();
  for (const auto& producer : transport.producers()) {
    const media::ProducerStats from = producer->stats(now);
    ProducerStats& to = stats.producers.emplace_back();
    to.producer = from.producer;
    to.paused = from.paused;
    for (const auto& stream : from.streams) to.streams.push_back(convert(now, stream));
  }
  transport.for_each_consumer([&](const media::Consumer& consumer) {
    const media::ConsumerStats from = consumer.stats(now);
    stats.consumers.push_back({.consumer = from.consumer,
                               .producer = from.producer,
                               .kind = from.kind,
                               .paused = from.paused,
                               .producer_paused = from.producer_paused,
                               .stream = convert(now, from.stream)});
  });
  return stats;
}

}  // namespace sfu::core

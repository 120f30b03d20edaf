#include "core/stats_conversion.h"

#include <string_view>

namespace sfu::core {
namespace {

/// By mediasoup's names; "awaiting fingerprint" is our own business.
std::string_view name(dtls::State state) {
  const bool awaits = state == dtls::State::AwaitingFingerprint;
  return to_string(awaits ? dtls::State::Connecting : state);
}

}  // namespace

TransportStats stats_of(Timestamp now, const transport::WebRtcTransport& transport) {
  const auto& counters = transport.counters();
  const auto& sent = transport.send_counters();
  const transport::SecureChannel& channel = transport.channel();
  TransportStats stats;
  stats.transport = transport.id();
  stats.timestamp_ms = media::to_milliseconds(now);
  stats.ice_state = to_string(channel.ice_state());
  stats.dtls_state = name(channel.dtls_state());
  if (const auto& path = channel.selected_path())
    stats.selected_path = path->local.to_string() + " → " + path->remote.to_string() +
                          (path->protocol == IpProtocol::Tcp ? " tcp" : " udp");
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
  stats.loss_received = transport.loss_received();
  stats.loss_sent = transport.loss_sent();
  for (const auto& producer : transport.producers())
    stats.producers.push_back(producer->stats(now));
  transport.for_each_consumer(
      [&](const media::Consumer& consumer) { stats.consumers.push_back(consumer.stats(now)); });
  return stats;
}

}  // namespace sfu::core

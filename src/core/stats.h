#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/duration_histogram.h"
#include "base/ids.h"
#include "media/audio_meter.h"
#include "media/stats.h"

namespace sfu::core {

// Counters of one moment, in mediasoup's getStats() names and units where it has them.

using media::AudioLevel;
using media::ConsumerStats;
using media::EncodingScore;
using media::ProducerStats;
using media::RtpStreamStats;

struct TransportStats {
  TransportId transport;
  std::int64_t timestamp_ms = 0;
  std::string ice_state;      // "new", "connected", "completed", "disconnected"
  std::string dtls_state;     // "new", "connecting", "connected", "failed", "closed"
  std::string selected_path;  // "local → remote udp" or "... tcp", empty before there is one.
  std::string srtp_profile;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t rtp_bytes_received = 0;  // RTX not counted.
  std::uint64_t rtp_bytes_sent = 0;
  std::uint64_t rtx_bytes_received = 0;
  std::uint64_t rtx_bytes_sent = 0;
  // Of the last second; datagrams of all kinds in the first two.
  std::int64_t receive_bps = 0;
  std::int64_t send_bps = 0;
  std::int64_t rtx_receive_bps = 0;
  std::int64_t rtx_send_bps = 0;
  // Shares of the packets of late, 0 to 1; none where there is no transport-wide feedback.
  std::optional<double> loss_received;
  std::optional<double> loss_sent;
  std::vector<ProducerStats> producers;
  std::vector<ConsumerStats> consumers;
};

/// What peers sent and the worker did not follow, by reason. Of closed transports, too.
struct RefusedStats {
  std::uint64_t strangers = 0;  // From addresses that ICE has not validated, or naming nobody.
  std::uint64_t stun = 0;       // Checks that prove nothing, or ask for what cannot be.
  std::uint64_t dtls = 0;       // Not along a path of its transport.
  std::uint64_t srtp = 0;       // Before there are keys, not authentic, or seen before.
  std::uint64_t malformed = 0;  // Authentic, but not to be parsed.
  std::uint64_t streams = 0;    // RTP of no producer, RTCP for no stream.
  std::uint64_t floods = 0;     // Authentic, but more than one peer may send.
};

struct WorkerStats {
  std::string ciphers;  // Library, version and instruction set that encrypt its packets.
  std::uint64_t packets_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_dropped = 0;  // For any reason: unknown sender, bad authentication, full.
  RefusedStats refused;
  std::uint64_t transports_at_fault = 0;  // Closed because their input broke an invariant.
  /// What all packets that were ever held at once took; it is kept for the next ones.
  std::uint64_t packet_buffer_bytes = 0;
  std::uint64_t packet_buffers_in_use = 0;
  std::uint64_t link_packets = 0;  // To other workers, for viewers there; none of those above.
  std::uint64_t link_packets_dropped = 0;  // Found the link full, or no buffer behind it.
  double loop_load = 0;                    // Share of the last second not spent waiting, 0 to 1.
  // How the datagrams above were carried.
  std::uint64_t media_packets_sent = 0;  // RTP, of all kinds.
  std::uint64_t padding_bytes_sent = 0;  // RTP padding, so that packets leave in fewer calls.
  std::uint64_t wake_ups = 0;            // Of the worker's loop.
  std::uint64_t flushes = 0;
  std::uint64_t flushes_held = 0;  // Those that waited for the rest of a frame.
  std::uint64_t held_us = 0;       // For how long, in sum.
  std::uint64_t receive_calls = 0;
  std::uint64_t receive_overflows = 0;  // Datagrams that found the socket's buffer full.
  std::uint64_t send_calls = 0;
  std::uint64_t send_groups = 0;           // Datagrams of one receiver that left as one message.
  std::uint64_t send_failed = 0;           // Datagrams that the kernel refused; dropped as well.
  bool segmentation = false;               // The kernel cuts groups into datagrams (UDP GSO).
  std::uint64_t segmentation_refused = 0;  // Groups that had to leave in smaller ones.
  // TCP; its datagrams are among those above.
  std::uint64_t tcp_connections = 0;  // Open now.
  std::uint64_t tcp_accepted = 0;
  std::uint64_t tcp_refused = 0;  // Closed before they were a transport's, for any reason.
  std::uint64_t tcp_packets_received = 0;
  std::uint64_t tcp_packets_sent = 0;
  std::uint64_t tcp_packets_dropped = 0;  // Their receiver read too slowly, or was gone.
  std::uint32_t routers = 0;
  std::uint32_t transports = 0;
  std::uint32_t producers = 0;
  std::uint32_t consumers = 0;
  DurationHistogram turns;  // Of the worker's loop, its waiting left out.
  // getrusage() of the worker's thread.
  std::int64_t user_time_us = 0;
  std::int64_t system_time_us = 0;
  std::int64_t max_rss_kb = 0;
};

}  // namespace sfu::core

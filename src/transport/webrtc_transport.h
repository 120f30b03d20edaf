#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/deadline_queue.h"
#include "base/fifo.h"
#include "base/ids.h"
#include "base/packet_buffer.h"
#include "base/random.h"
#include "base/result.h"
#include "bwe/arrival_recorder.h"
#include "bwe/loss_meter.h"
#include "bwe/sent_packets.h"
#include "media/consumer.h"
#include "media/producer.h"
#include "media/rate_counter.h"
#include "media/router.h"
#include "media/rtp_listener.h"
#include "rtcp/extended_report.h"
#include "rtp/extension_values.h"
#include "rtp/ntp.h"
#include "transport/flush_writer.h"
#include "transport/secure_channel.h"
#include "transport/send_batch.h"
#include "transport/send_queue.h"

namespace sfu::transport {

using ProducerRefusal = std::variant<media::ProducerError, media::ListenError>;

/// The transport's ICE or DTLS has come to another state.
struct StateChanged {
  ice::State ice;
  dtls::State dtls;
};
/// For the log: a call that does not connect, or that has lost its peer, and why.
struct Report {
  bool is_failure = false;
  std::string text;
};
/// For the log: the peer offends, in numbers, and with what.
struct Offence {
  std::string text;
};
using TransportEvent = std::variant<RoutingEvent, StateChanged, Report, Offence>;

/// One peer of a room: joins its secure channel with what it publishes and what it views. Media of
/// its producers goes to the consumers of other transports through the router and the send queues.
class WebRtcTransport {
 public:
  struct Options {
    TransportId id;
    SendBatch::Slot slot = 0;
    ice::Credentials credentials;
    std::span<const Endpoint> candidates;  // Announced; outlive the transport.
    bool candidates_are_local = true;      // False behind an address translator.
    rtp::NtpClock ntp;
  };

  /// From connect() to a line in the log that says what is missing.
  static constexpr TimeDelta kConnectPatience = std::chrono::seconds(10);

  /// All references outlive the transport.
  WebRtcTransport(Options options, const dtls::Context& context, media::Router& router,
                  SendBatch& batch, RandomSource& random);
  ~WebRtcTransport();
  WebRtcTransport(const WebRtcTransport&) = delete;
  WebRtcTransport& operator=(const WebRtcTransport&) = delete;

  TransportId id() const { return options_.id; }
  media::Router& router() { return router_; }
  const SecureChannel& channel() const { return channel_; }

  Result<void, ConnectError> connect(Timestamp now, bool remote_is_server,
                                     std::span<const Fingerprint> fingerprints);

  /// ICE restart (RFC 8445 §9); DTLS, SRTP and the selected path stay as they are.
  void restart_ice(Timestamp now, ice::Credentials fresh);

  Result<void, ProducerRefusal> add_producer(Timestamp now, const media::ProducerOptions& options);
  void remove_producer(ProducerId id);
  media::Producer* find_producer(ProducerId id);

  /// A consumer's number on its transport, given again after it is removed.
  using ConsumerSlot = DeadlineQueue::Slot;
  enum class ConsumerRefusal : std::uint8_t { NoSuchProducer, Unsupported, SsrcTaken };
  Result<ConsumerSlot, ConsumerRefusal> add_consumer(Timestamp now, media::ConsumerOptions options);
  void remove_consumer(ConsumerSlot slot);
  media::Consumer& consumer(ConsumerSlot slot) { return *consumers_[slot]; }

  // Datagrams, told apart by the worker (RFC 7983).

  ice::Outcome handle_stun(Timestamp now, const Path& path, Bytes datagram);
  void handle_dtls(Timestamp now, const Path& path, Bytes datagram);
  void handle_rtp(Timestamp now, const Path& path, PacketBuffer&& datagram);
  void handle_rtcp(Timestamp now, const Path& path, PacketBuffer&& datagram);
  /// Another transport has got `path`.
  void forget_path(Timestamp now, const Path& path);

  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;
  /// After media::DeadlineMoved of one of its consumers.
  void update_deadline(ConsumerSlot slot);

  /// Hands what its consumers have queued to `writer`.
  void flush(Timestamp now, FlushWriter& writer);
  /// Says goodbye to the peer.
  void close(Timestamp now);

  std::optional<TransportEvent> poll_event();

  struct Counters {
    std::uint64_t packets_received = 0;  // Of all kinds.
    std::uint64_t bytes_received = 0;
    std::uint64_t control_packets_sent = 0;
    std::uint64_t control_bytes_sent = 0;
    std::uint64_t rtp_packets_received = 0;
    std::uint64_t rtp_bytes_received = 0;  // Of producers, RTX not counted; without protection.
    std::uint64_t rtx_bytes_received = 0;
    std::uint64_t malformed = 0;  // Authenticated, but not to be parsed.
    std::uint64_t streams = 0;    // RTP of no producer, RTCP for no stream.
    std::uint64_t floods = 0;     // Authentic, but beyond FloodGate.
  };
  const Counters& counters() const { return counters_; }
  /// Which share of the packets lately got lost on their way here, and on their way to the peer: 0
  /// to 1, none where no transport-wide feedback has been sent or has come.
  std::optional<double> loss_received() const { return arrivals_.loss(); }
  std::optional<double> loss_sent() const { return sent_loss_.fraction(); }
  /// Of all that the peer sent.
  Refusals refusals() const;
  const SendQueue::Counters& send_counters() const { return queue_.counters(); }

  /// What passed in the last second: datagrams of all kinds, and RTX alone without its protection.
  struct Rates {
    DataRate received;
    DataRate sent;
    DataRate rtx_received;
    DataRate rtx_sent;
  };
  Rates rates(Timestamp now) const;

  const std::vector<std::unique_ptr<media::Producer>>& producers() const { return producers_; }
  std::size_t consumer_count() const { return consumers_.size() - free_consumers_.size(); }
  /// visit(const media::Consumer&), in the order of their slots.
  template <class Visitor>
  void for_each_consumer(Visitor&& visit) const {
    for (const auto& consumer : consumers_)
      if (consumer) visit(static_cast<const media::Consumer&>(*consumer));
  }

 private:
  static constexpr std::size_t kRtcpSize = 1200;  // Bytes of one compound before protection.
  static constexpr std::size_t kMaxPendingDlrr = 8;

  void note_received(Timestamp now, Bytes datagram);
  void note_refusal(Timestamp now);
  void note_malformed(Timestamp now);
  /// False where the peer has sent too much; that counts as refused.
  bool admit(Timestamp now);
  void note_control_sent(Timestamp now, std::size_t bytes);
  void drain_channel(Timestamp now);
  void follow_reachability(Timestamp now);
  void handle_rtcp_packet(Timestamp now, const rtcp::PacketView& packet);
  void handle_report_blocks(Timestamp now, const rtcp::ReportBlocks& blocks);
  void handle_feedback(Timestamp now, const rtcp::PacketView& packet);
  void handle_extended_report(Timestamp now, const rtcp::PacketView& packet);
  void handle_round_trip(Timestamp now, const rtcp::DlrrItem& item);
  media::Consumer* consumer_of(Ssrc ssrc);

  void send_rtcp(Timestamp now);
  void send_feedback(Timestamp now);
  void send_compound(Timestamp now, rtcp::CompoundBuilder& builder);
  void send_protected(Timestamp now, Bytes rtcp);
  void append_reference_times(Timestamp now, rtcp::CompoundBuilder& builder);
  std::string explain() const;
  void report_if_stuck(Timestamp now);

  const Options options_;
  media::Router& router_;
  SendBatch& batch_;
  RandomSource& random_;
  SecureChannel channel_;
  const Ssrc feedback_ssrc_;  // In whose name we report to the peer.

  media::RtpListener listener_;
  bwe::ArrivalRecorder arrivals_;
  bwe::SentPackets sent_;
  bwe::LossMeter sent_loss_;
  SendQueue queue_;  // Before the consumers, which write into it.

  std::vector<std::unique_ptr<media::Producer>> producers_;
  std::vector<std::unique_ptr<media::Consumer>> consumers_;  // By slot.
  std::vector<ConsumerSlot> free_consumers_;
  std::unordered_map<Ssrc, ConsumerSlot> consumers_by_ssrc_;
  DeadlineQueue consumer_deadlines_;
  std::vector<ConsumerSlot> due_consumers_;      // In handle_timeout() alone.
  std::optional<Timestamp> reference_time_due_;  // For the next RRTR, while it has producers.
  struct PendingDlrr {
    Ssrc receiver;
    std::uint32_t reference = 0;
    Timestamp arrival;
  };
  std::vector<PendingDlrr> pending_dlrr_;

  bool reachable_ = false;  // As the consumers know it.
  std::optional<Timestamp> connect_deadline_;
  Fifo<TransportEvent> events_;
  Counters counters_;
  OffenderWatch offences_;
  FloodGate flood_gate_;
  bool told_of_exhaustion_ = false;
  media::RateCounter receive_rate_;
  media::RateCounter rtx_receive_rate_;
  media::RateCounter control_send_rate_;
};

}  // namespace sfu::transport

#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "bwe/arrival_recorder.h"
#include "rtcp/report_block.h"
#include "rtp/packet_view.h"
#include "sim/network.h"
#include "sim/peer_channel.h"
#include "sim/stream_receiver.h"
#include "sim/stream_sender.h"

namespace sfu::sim {

/// A scripted browser: one transport to publish on, one to view on, with the media engine of
/// StreamSender and StreamReceiver on them. It speaks no signaling: a Conference does that for it.
class Browser final : public Host {
 public:
  Browser(const dtls::Context& context, const IpAddress& address, std::uint64_t seed);

  void open_send(Timestamp now, PeerChannel::Remote remote);
  void open_receive(Timestamp now, PeerChannel::Remote remote);
  StreamSender& add_sender(StreamSender::Options options, Timestamp start);
  void remove_senders();
  StreamReceiver& add_receiver(StreamReceiver::Options options);
  void remove_receiver(Ssrc ssrc);

  /// Both transports go on from other ports; the client checks them at once.
  void move_to_ports(std::uint16_t send, std::uint16_t receive);
  /// The same, but the client does not know, as behind a NAT that forgot it.
  void rebind_ports(std::uint16_t send, std::uint16_t receive);
  /// To another machine address, with the ports it has. The network has to follow.
  void move_to_address(const IpAddress& address);
  /// Both transports talk to this address of the server from now on.
  void talk_to(const Endpoint& server);
  /// Follow an ICE restart of the server's.
  void restart_send(std::string ufrag, std::string password);
  void restart_receive(std::string ufrag, std::string password);
  /// Neither sends nor hears anything from now on.
  void vanish() { vanished_ = true; }

  /// Says of each RTP packet, before it is encrypted or after it is decrypted, whether it is lost.
  using Loss = std::function<bool(const rtp::PacketView&)>;
  void lose_sent(Loss loss) { lose_sent_ = std::move(loss); }
  void lose_received(Loss loss) { lose_received_ = std::move(loss); }
  /// As many PLIs as that are lost on their way to this publisher.
  void lose_plis(int count) { plis_to_lose_ = count; }

  /// What no browser would send, but under its own keys. It leaves with its next flush.
  void forge_rtp(Bytes packet) { send_->send_rtp(packet); }
  void forge_publisher_rtcp(Bytes compound) { send_->send_rtcp(compound); }
  void forge_viewer_rtcp(Bytes compound) { receive_->send_rtcp(compound); }

  void handle_datagram(Timestamp now, const Path& path, Bytes datagram) override;
  void handle_timeout(Timestamp now) override;
  void flush(Timestamp now, Outbox& outbox) override;
  Timestamp next_timeout() const override;

  const IpAddress& address() const { return address_; }
  std::list<StreamSender>& senders() { return senders_; }
  std::list<StreamReceiver>& receivers() { return receivers_; }
  bool send_connected() const { return send_ && send_->connected(); }
  bool receive_connected() const { return receive_ && receive_->connected(); }
  std::uint64_t nacks_received() const { return nacks_received_; }
  std::uint64_t plis_received() const { return plis_received_; }
  std::uint64_t feedback_received() const { return feedback_received_; }
  /// The longest time without transport-cc feedback since the first.
  TimeDelta longest_without_feedback() const { return longest_without_feedback_; }
  std::uint64_t strays() const {
    return (send_ ? send_->strays() : 0) + (receive_ ? receive_->strays() : 0);
  }
  /// The latest report block on this publisher's stream.
  std::optional<rtcp::ReportBlock> report_on(Ssrc ssrc) const;
  const Endpoint& send_endpoint() const { return send_->local(); }
  const Endpoint& receive_endpoint() const { return receive_->local(); }
  const PeerChannel& send_channel() const { return *send_; }
  const PeerChannel& receive_channel() const { return *receive_; }
  std::uint64_t reports_received() const { return reports_received_; }

 private:
  static constexpr TimeDelta kTick = std::chrono::milliseconds(20);  // For RTCP of receivers.

  void handle_publisher_rtcp(Timestamp now, Bytes compound);
  void handle_publisher_report(const rtcp::PacketView& packet);
  void send_packets(const std::vector<StreamSender::Packet>& packets);
  StreamSender* sender_of(Ssrc ssrc);
  void handle_viewer_packet(Timestamp now, const PeerChannel::Plain& plain);
  void send_reports(Timestamp now);
  void send_viewer_rtcp(Timestamp now);

  IpAddress address_;
  std::unique_ptr<RandomSource> random_;
  const dtls::Context& context_;
  rtp::NtpClock ntp_;  // Each machine's is off by some seconds.
  std::unique_ptr<PeerChannel> send_;
  std::unique_ptr<PeerChannel> receive_;
  std::list<StreamSender> senders_;
  std::list<StreamReceiver> receivers_;
  std::uint16_t transport_sequence_ = 0;
  bwe::ArrivalRecorder arrivals_{{.sender = Ssrc{1}}};
  rtp::ExtensionMap viewer_extensions_;
  std::optional<Timestamp> next_tick_;
  std::optional<Timestamp> next_report_;
  bool vanished_ = false;
  Loss lose_sent_;
  Loss lose_received_;
  int plis_to_lose_ = 0;
  std::map<Ssrc, rtcp::ReportBlock> reports_on_;
  std::optional<Timestamp> last_feedback_;
  TimeDelta longest_without_feedback_{};
  std::uint64_t nacks_received_ = 0;
  std::uint64_t plis_received_ = 0;
  std::uint64_t feedback_received_ = 0;
  std::uint64_t reports_received_ = 0;
};

}  // namespace sfu::sim

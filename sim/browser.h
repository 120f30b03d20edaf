#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "bwe/arrival_recorder.h"
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

  /// Both transports go on from another port, as behind a NAT that forgot them.
  void move_to_ports(std::uint16_t send, std::uint16_t receive);
  /// Neither sends nor hears anything from now on.
  void vanish() { vanished_ = true; }

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
  std::uint64_t reports_received() const { return reports_received_; }

 private:
  static constexpr TimeDelta kTick = std::chrono::milliseconds(20);  // For RTCP of receivers.

  void handle_publisher_rtcp(Bytes compound);
  void handle_viewer_packet(Timestamp now, const PeerChannel::Plain& plain);
  void send_reports(Timestamp now);
  void send_viewer_rtcp(Timestamp now);

  const IpAddress address_;
  std::unique_ptr<RandomSource> random_;
  const dtls::Context& context_;
  rtp::NtpClock ntp_{std::chrono::seconds(3'900'000'000)};
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
  std::uint64_t nacks_received_ = 0;
  std::uint64_t plis_received_ = 0;
  std::uint64_t feedback_received_ = 0;
  std::uint64_t reports_received_ = 0;
};

}  // namespace sfu::sim

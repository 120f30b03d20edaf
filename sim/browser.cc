#include "sim/browser.h"

#include <algorithm>
#include <array>

#include "crypto/random.h"
#include "rtcp/extended_report.h"
#include "rtcp/fir.h"
#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtcp/sender_report.h"
#include "rtp/extension_values.h"

namespace sfu::sim {
namespace {

constexpr std::uint16_t kSendPort = 5000;
constexpr std::uint16_t kReceivePort = 6000;
constexpr TimeDelta kReportInterval = std::chrono::milliseconds(900);
constexpr std::size_t kCompoundSize = 1200;
constexpr Ssrc kViewerSsrc{1};

}  // namespace

Browser::Browser(const dtls::Context& context, const IpAddress& address, std::uint64_t seed)
    : address_(address),
      random_(std::make_unique<crypto::SeededRandom>(seed)),
      context_(context),
      ntp_{std::chrono::seconds(3'900'000'000) +
           std::chrono::milliseconds(static_cast<std::int64_t>(random_->next_u32() % 20'000))} {
  viewer_extensions_.add(5, rtp::ExtensionKind::TransportCc);
}

void Browser::open_send(Timestamp now, PeerChannel::Remote remote) {
  send_ = std::make_unique<PeerChannel>(context_, Endpoint{address_, kSendPort}, std::move(remote),
                                        *random_);
  send_->start(now);
  next_report_ = now + kReportInterval;
}

void Browser::open_receive(Timestamp now, PeerChannel::Remote remote) {
  receive_ = std::make_unique<PeerChannel>(context_, Endpoint{address_, kReceivePort},
                                           std::move(remote), *random_);
  receive_->start(now);
  next_tick_ = now + kTick;
}

StreamSender& Browser::add_sender(StreamSender::Options options, Timestamp start) {
  StreamSender& sender = senders_.emplace_back(std::move(options), start);
  sender.share_transport_sequence(transport_sequence_);
  return sender;
}

void Browser::remove_senders() { senders_.clear(); }

StreamReceiver& Browser::add_receiver(StreamReceiver::Options options) {
  return receivers_.emplace_back(std::move(options));
}

void Browser::remove_receiver(Ssrc ssrc) {
  receivers_.remove_if([&](const auto& r) { return r.options().ssrc == ssrc; });
}

void Browser::move_to_ports(std::uint16_t send, std::uint16_t receive) {
  if (send_) send_->move_to({address_, send});
  if (receive_) receive_->move_to({address_, receive});
}

void Browser::rebind_ports(std::uint16_t send, std::uint16_t receive) {
  if (send_) send_->rebind({address_, send});
  if (receive_) receive_->rebind({address_, receive});
}

void Browser::move_to_address(const IpAddress& address) {
  address_ = address;
  if (send_) send_->move_to({address, send_->local().port});
  if (receive_) receive_->move_to({address, receive_->local().port});
}

void Browser::talk_to(const Endpoint& server) {
  if (send_) send_->talk_to(server);
  if (receive_) receive_->talk_to(server);
}

void Browser::restart_send(std::string ufrag, std::string password) {
  send_->restart_ice(std::move(ufrag), std::move(password));
}

void Browser::restart_receive(std::string ufrag, std::string password) {
  receive_->restart_ice(std::move(ufrag), std::move(password));
}

void Browser::send_packets(const std::vector<StreamSender::Packet>& packets) {
  if (!send_) return;
  for (const auto& packet : packets) {
    const auto view = rtp::PacketView::parse(packet);
    if (!(view && lose_sent_ && lose_sent_(*view))) send_->send_rtp(packet);
  }
}

void Browser::handle_datagram(Timestamp now, const Path& path, Bytes datagram) {
  if (vanished_) return;
  if (send_ && path.local == send_->local()) {
    const auto plain = send_->handle_datagram(now, path, datagram);
    if (plain && plain->is_rtcp) handle_publisher_rtcp(now, plain->bytes);
  } else if (receive_ && path.local == receive_->local()) {
    const auto plain = receive_->handle_datagram(now, path, datagram);
    if (plain) handle_viewer_packet(now, *plain);
  }
}

void Browser::handle_timeout(Timestamp now) {
  if (send_) send_->handle_timeout(now);
  if (receive_) receive_->handle_timeout(now);
  std::vector<StreamSender::Packet> packets;
  for (StreamSender& sender : senders_) sender.produce(now, packets);
  send_packets(packets);
  if (next_report_ && *next_report_ <= now) send_reports(now);
  if (next_tick_ && *next_tick_ <= now) send_viewer_rtcp(now);
}

void Browser::flush(Timestamp, Outbox& outbox) {
  if (vanished_) return;
  if (send_) send_->flush(outbox);
  if (receive_) receive_->flush(outbox);
}

Timestamp Browser::next_timeout() const {
  if (vanished_) return Timestamp::max();
  Timestamp next = next_report_.value_or(Timestamp::max());
  next = std::min(next, next_tick_.value_or(Timestamp::max()));
  if (send_) next = std::min(next, send_->next_timeout());
  if (receive_) next = std::min(next, receive_->next_timeout());
  for (const StreamSender& sender : senders_) next = std::min(next, sender.next_timeout());
  return next;
}

StreamSender* Browser::sender_of(Ssrc ssrc) {
  const auto found = std::find_if(senders_.begin(), senders_.end(), [&](const auto& sender) {
    return sender.options().ssrc == ssrc;
  });
  return found == senders_.end() ? nullptr : &*found;
}

std::optional<rtcp::ReportBlock> Browser::report_on(Ssrc ssrc) const {
  const auto found = reports_on_.find(ssrc);
  return found == reports_on_.end() ? std::nullopt : std::optional(found->second);
}

void Browser::handle_publisher_rtcp(Timestamp now, Bytes compound) {
  const auto parsed = rtcp::Compound::parse(compound);
  if (!parsed) return;
  std::vector<StreamSender::Packet> packets;
  for (const rtcp::PacketView packet : *parsed) {
    if (packet.type == rtcp::PacketType::TransportLayerFeedback) {
      if (packet.count == rtcp::kTransportCcFormat) {
        ++feedback_received_;
        if (last_feedback_)
          longest_without_feedback_ = std::max(longest_without_feedback_, now - *last_feedback_);
        last_feedback_ = now;
      }
      if (packet.count != rtcp::kNackFormat) continue;
      const auto nack = rtcp::Nack::parse(packet);
      StreamSender* sender = nack ? sender_of(nack->media) : nullptr;
      if (!sender) continue;
      ++nacks_received_;
      nack->for_each_lost([&](std::uint16_t lost) { sender->handle_nack(lost, packets); });
    } else if (packet.type == rtcp::PacketType::PayloadSpecificFeedback &&
               packet.count == rtcp::kPliFormat) {
      const auto pli = rtcp::Pli::parse(packet);
      StreamSender* sender = pli ? sender_of(pli->media) : nullptr;
      if (!sender) continue;
      if (plis_to_lose_ > 0) {
        --plis_to_lose_;
        continue;
      }
      ++plis_received_;
      sender->request_key_frame();
    } else {
      handle_publisher_report(packet);
    }
  }
  send_packets(packets);
}

void Browser::handle_publisher_report(const rtcp::PacketView& packet) {
  if (packet.type == rtcp::PacketType::ReceiverReport) {
    ++reports_received_;
    const auto report = rtcp::ReceiverReport::parse(packet);
    if (!report) return;
    for (const rtcp::ReportBlock block : report->reports) {
      reports_on_[block.ssrc] = block;
      for (StreamSender& sender : senders_) sender.handle_reported(block.ssrc);
    }
  } else if (packet.type == rtcp::PacketType::ExtendedReport) {
    const auto report = rtcp::ExtendedReport::parse(packet);
    if (!report || !report->receiver_reference_time || senders_.empty()) return;
    std::array<std::uint8_t, kCompoundSize> buffer;
    rtcp::CompoundBuilder builder(buffer);
    const rtcp::DlrrItem item{report->sender, report->receiver_reference_time->compact(), 0};
    rtcp::append_dlrr(builder, senders_.front().options().ssrc, std::array{item});
    send_->send_rtcp(builder.bytes());
  }
}

void Browser::handle_viewer_packet(Timestamp now, const PeerChannel::Plain& plain) {
  const auto receiver_of = [&](Ssrc ssrc) -> StreamReceiver* {
    const auto found = std::find_if(receivers_.begin(), receivers_.end(), [&](const auto& r) {
      return r.options().ssrc == ssrc || r.options().rtx_ssrc == ssrc;
    });
    return found == receivers_.end() ? nullptr : &*found;
  };
  if (!plain.is_rtcp) {
    const auto packet = rtp::PacketView::parse(plain.bytes);
    if (!packet || (lose_received_ && lose_received_(*packet))) return;
    if (const auto value =
            packet->extension(viewer_extensions_.id(rtp::ExtensionKind::TransportCc)))
      if (const auto number = rtp::read_transport_cc(*value))
        arrivals_.note_arrival(now, *number, packet->ssrc());
    if (StreamReceiver* receiver = receiver_of(packet->ssrc()))
      receiver->handle_rtp(now, plain.bytes);
    return;
  }
  const auto compound = rtcp::Compound::parse(plain.bytes);
  if (!compound) return;
  for (const rtcp::PacketView packet : *compound) {
    if (packet.type != rtcp::PacketType::SenderReport) continue;
    const auto report = rtcp::SenderReport::parse(packet);
    StreamReceiver* receiver = report ? receiver_of(report->info.sender) : nullptr;
    if (receiver) receiver->handle_sender_report(now, report->info);
  }
}

void Browser::send_reports(Timestamp now) {
  next_report_ = now + kReportInterval;
  std::array<std::uint8_t, kCompoundSize> buffer;
  rtcp::CompoundBuilder builder(buffer);
  for (const StreamSender& sender : senders_) {
    rtcp::append_sender_report(builder, {.sender = sender.options().ssrc,
                                         .ntp = ntp_.to_ntp(now),
                                         .rtp_timestamp = sender.timestamp_at(now),
                                         .packet_count = sender.packets_sent(),
                                         .octet_count = 0});
  }
  if (send_) send_->send_rtcp(builder.bytes());
}

void Browser::send_viewer_rtcp(Timestamp now) {
  next_tick_ = now + kTick;
  std::array<std::uint8_t, kCompoundSize> buffer;
  for (StreamReceiver& receiver : receivers_) {
    rtcp::CompoundBuilder builder(buffer);
    receiver.collect_rtcp(now, kViewerSsrc, builder);
    receive_->send_rtcp(builder.bytes());
  }
  while (const std::size_t size = arrivals_.poll_feedback(now, buffer))
    receive_->send_rtcp(Bytes(buffer).first(size));
}

}  // namespace sfu::sim

#include <array>
#include <utility>

#include "rtcp/fir.h"
#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtcp/sender_report.h"
#include "rtcp/transport_feedback.h"
#include "transport/webrtc_transport.h"

// The RTCP of one transport: reports and feedback both ways.

namespace sfu::transport {
namespace {

/// How often a publisher is asked for its round-trip time (RFC 3611 §4.4).
constexpr TimeDelta kReferenceTimeInterval = std::chrono::seconds(1);

}  // namespace

void WebRtcTransport::handle_rtcp(Timestamp now, const Path& path, PacketBuffer&& datagram) {
  note_received(now, datagram.bytes());
  const auto plain = channel_.unprotect_rtcp(path, datagram.mutable_bytes());
  if (!plain) return note_refusal(now);
  if (!admit(now)) return;
  const auto compound = rtcp::Compound::parse(*plain);
  if (!compound) return note_malformed(now);
  for (const rtcp::PacketView packet : *compound) handle_rtcp_packet(now, packet);
}

void WebRtcTransport::handle_rtcp_packet(Timestamp now, const rtcp::PacketView& packet) {
  switch (packet.type) {
    case rtcp::PacketType::SenderReport: {
      const auto report = rtcp::SenderReport::parse(packet);
      if (!report) break;
      if (const auto target = listener_.find(report->info.sender); target && !target->is_rtx)
        target->producer->handle_sender_report(now, target->stream, report->info);
      handle_report_blocks(now, report->reports);
      return;
    }
    case rtcp::PacketType::ReceiverReport: {
      const auto report = rtcp::ReceiverReport::parse(packet);
      if (!report) break;
      handle_report_blocks(now, report->reports);
      return;
    }
    case rtcp::PacketType::TransportLayerFeedback:
    case rtcp::PacketType::PayloadSpecificFeedback: handle_feedback(now, packet); return;
    case rtcp::PacketType::ExtendedReport: handle_extended_report(now, packet); return;
    case rtcp::PacketType::SourceDescription:
    case rtcp::PacketType::Goodbye:  // Signaling says who leaves.
    case rtcp::PacketType::ApplicationDefined: return;
  }
  note_malformed(now);
}

void WebRtcTransport::handle_report_blocks(Timestamp now, const rtcp::ReportBlocks& blocks) {
  for (const rtcp::ReportBlock block : blocks) {
    if (media::Consumer* consumer = consumer_of(block.ssrc);
        consumer && consumer->ssrc() == block.ssrc)
      consumer->handle_report_block(now, block);
  }
}

void WebRtcTransport::handle_feedback(Timestamp now, const rtcp::PacketView& packet) {
  using KeyFrameFeedback = media::Consumer::KeyFrameFeedback;
  if (packet.type == rtcp::PacketType::TransportLayerFeedback) {
    if (packet.count == rtcp::kNackFormat) {
      const auto nack = rtcp::Nack::parse(packet);
      if (!nack) return note_malformed(now);
      if (media::Consumer* consumer = consumer_of(nack->media))
        consumer->handle_nack(now, *nack, queue_);
    } else if (packet.count == rtcp::kTransportCcFormat) {
      const auto feedback = rtcp::TransportFeedback::parse(packet);
      if (!feedback) return note_malformed(now);
      const auto outcome = sent_.handle_feedback(now, *feedback);
      sent_loss_.add(now, outcome.acked, outcome.lost, outcome.recovered);
    }
    return;
  }
  if (packet.count == rtcp::kPliFormat) {
    const auto pli = rtcp::Pli::parse(packet);
    if (!pli) return note_malformed(now);
    if (media::Consumer* consumer = consumer_of(pli->media))
      consumer->handle_key_frame_request(now, KeyFrameFeedback::Pli);
  } else if (packet.count == rtcp::kFirFormat) {
    const auto fir = rtcp::Fir::parse(packet);
    if (!fir) return note_malformed(now);
    for (const rtcp::FirEntry entry : fir->entries) {
      if (media::Consumer* consumer = consumer_of(entry.media))
        consumer->handle_key_frame_request(now, KeyFrameFeedback::Fir);
    }
  }
}

void WebRtcTransport::handle_extended_report(Timestamp now, const rtcp::PacketView& packet) {
  const auto report = rtcp::ExtendedReport::parse(packet);
  if (!report) return note_malformed(now);
  if (report->receiver_reference_time && pending_dlrr_.size() < kMaxPendingDlrr)
    pending_dlrr_.push_back({report->sender, report->receiver_reference_time->compact(), now});
  for (const rtcp::DlrrItem item : report->dlrr) {
    if (item.receiver == feedback_ssrc_ && item.last_receiver_report != 0)
      handle_round_trip(now, item);
  }
}

void WebRtcTransport::handle_round_trip(Timestamp now, const rtcp::DlrrItem& item) {
  const TimeDelta rtt =
      rtp::round_trip_time(options_.ntp.to_ntp(now).compact(), item.last_receiver_report,
                           item.delay_since_last_receiver_report);
  for (const auto& producer : producers_) producer->set_round_trip_time(rtt);
}

media::Consumer* WebRtcTransport::consumer_of(Ssrc ssrc) {
  const auto found = consumers_by_ssrc_.find(ssrc);
  if (found != consumers_by_ssrc_.end()) return consumers_[found->second].get();
  ++counters_.streams;
  return nullptr;
}

void WebRtcTransport::send_rtcp(Timestamp now) {
  std::array<std::uint8_t, kRtcpSize> buffer;
  rtcp::CompoundBuilder builder(buffer);
  const auto collect_all = [&](auto&& collect_one) {
    while (!collect_one() && !builder.empty()) send_compound(now, builder);
  };
  for (const auto& producer : producers_)
    collect_all([&] { return producer->collect_rtcp(now, feedback_ssrc_, builder); });
  for (const ConsumerSlot due : due_consumers_)
    collect_all([&] { return consumers_[due]->collect_rtcp(now, builder); });
  if (!builder.empty()) append_reference_times(now, builder);
  send_compound(now, builder);
}

/// Our RRTR, by whose answer we learn the way to the publisher and back, and our answers to the
/// peer's own. They ride along: a compound of theirs alone is not worth a datagram.
void WebRtcTransport::append_reference_times(Timestamp now, rtcp::CompoundBuilder& builder) {
  if (reference_time_due_ && *reference_time_due_ <= now &&
      rtcp::append_receiver_reference_time(builder, feedback_ssrc_, options_.ntp.to_ntp(now)))
    reference_time_due_ = now + kReferenceTimeInterval;
  if (pending_dlrr_.empty()) return;
  std::array<rtcp::DlrrItem, kMaxPendingDlrr> items;
  for (std::size_t i = 0; i < pending_dlrr_.size(); ++i) {
    const PendingDlrr& pending = pending_dlrr_[i];
    items[i] = {pending.receiver, pending.reference, rtp::to_compact_ntp(now - pending.arrival)};
  }
  if (rtcp::append_dlrr(builder, feedback_ssrc_, std::span(items).first(pending_dlrr_.size())))
    pending_dlrr_.clear();
}

void WebRtcTransport::send_feedback(Timestamp now) {
  std::array<std::uint8_t, kRtcpSize> buffer;
  while (const std::size_t size = arrivals_.poll_feedback(now, buffer))
    send_protected(now, Bytes(buffer).first(size));
}

void WebRtcTransport::send_compound(Timestamp now, rtcp::CompoundBuilder& builder) {
  if (!builder.empty()) send_protected(now, builder.bytes());
  builder.clear();
}

void WebRtcTransport::send_protected(Timestamp now, Bytes rtcp) {
  srtp::OutboundSession* session = channel_.outbound();
  if (!session) return;
  std::array<std::uint8_t, kRtcpSize + srtp::kMaxRtcpOverhead> out;
  const auto size = session->protect_rtcp(rtcp, out);
  if (!size) return;
  batch_.add_control(*channel_.selected_path(), Bytes(out).first(*size));
  note_control_sent(now, *size);
}

}  // namespace sfu::transport

#include "transport/send_queue.h"

#include "rtp/packet_writer.h"

namespace sfu::transport {

SendQueue::~SendQueue() { clear(); }

media::OutgoingPacket* SendQueue::emplace() {
  media::OutgoingPacket* packet = packets_.size() < kMaxPackets ? batch_.allocate() : nullptr;
  if (!packet) {
    ++counters_.dropped;
    return nullptr;
  }
  if (packets_.empty()) batch_.mark(slot_);
  packets_.push_back(packet);
  packet->keeps_payload = {};
  packet->payload = {};
  packet->ssrc = {};
  packet->index = 0;
  packet->patch = {};
  packet->header_size = 0;
  packet->prefix_size = 0;
  packet->marker = packet->is_video = packet->is_rtx = packet->is_repetition = false;
  return packet;
}

void SendQueue::cancel() {
  batch_.release(packets_.back());
  packets_.pop_back();
}

void SendQueue::flush(Timestamp now, const Path& path, srtp::OutboundSession& session,
                      bwe::SentPackets& sent, DatagramSink& sink) {
  const Counters before = counters_;
  for (media::OutgoingPacket* packet : packets_) send(now, path, *packet, session, sent, sink);
  clear();
  rate_.add(now, counters_.bytes - before.bytes);
  rtx_rate_.add(now, counters_.rtx_bytes - before.rtx_bytes);
}

void SendQueue::send(Timestamp now, const Path& path, media::OutgoingPacket& packet,
                     srtp::OutboundSession& session, bwe::SentPackets& sent, DatagramSink& sink) {
  const std::size_t plain_size = packet.size();
  if (packet.patch.transport_cc != 0) {
    const auto size = DataSize::from_bytes(static_cast<std::int64_t>(plain_size));
    rtp::patch_transport_cc(packet.header(), packet.patch, sent.note_sent(now, size));
  }
  rtp::patch_abs_send_time(packet.header(), packet.patch, now);

  const MutableBytes room = sink.reserve(plain_size + srtp::kMaxRtpOverhead);
  const auto size = session.protect_rtp({.header = packet.header(),
                                         .payload_prefix = packet.prefix(),
                                         .payload = packet.payload,
                                         .padding = 0,
                                         .out = room,
                                         .repeats_payload = packet.is_repetition});
  if (!size) {
    ++counters_.dropped;
    return;
  }
  sink.commit(path, *size);
  ++counters_.packets;
  counters_.bytes += *size;
  (packet.is_rtx ? counters_.rtx_bytes : counters_.rtp_bytes) += plain_size;
}

void SendQueue::discard() {
  counters_.dropped += packets_.size();
  clear();
}

void SendQueue::clear() {
  for (media::OutgoingPacket* packet : packets_) {
    packet->keeps_payload = {};
    batch_.release(packet);
  }
  packets_.clear();
}

}  // namespace sfu::transport

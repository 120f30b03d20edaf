#include "transport/send_queue.h"

#include <algorithm>
#include <utility>

#include "rtp/packet_writer.h"
#include "transport/arrangement.h"

namespace sfu::transport {
namespace {

/// The P bit in the first byte of a header (RFC 3550 §5.1).
constexpr std::uint8_t kPaddingBit = 0x20;

std::size_t room_for(const PlacedPacket& placed) {
  return placed.packet->size() + placed.padding + srtp::kMaxRtpOverhead;
}

}  // namespace

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
                      bwe::SentPackets& sent, FlushWriter& writer) {
  const Counters before = counters_;
  std::vector<PlacedPacket>& arranged = writer.scratch();
  arrange(packets_, arranged);
  std::size_t total = 0;
  for (const PlacedPacket& placed : arranged) total += room_for(placed);
  writer.reserve(std::min(total, DatagramSink::kMinRoom));
  for (const PlacedPacket& placed : arranged) send(now, path, placed, session, sent, writer);
  clear();
  rate_.add(now, counters_.bytes - before.bytes);
  rtx_rate_.add(now, counters_.rtx_bytes - before.rtx_bytes);
}

void SendQueue::send(Timestamp now, const Path& path, const PlacedPacket& placed,
                     srtp::OutboundSession& session, bwe::SentPackets& sent, FlushWriter& writer) {
  media::OutgoingPacket& packet = *placed.packet;
  const std::size_t plain_size = packet.size();
  if (packet.patch.transport_cc != 0) {
    const auto size = DataSize::from_bytes(static_cast<std::int64_t>(plain_size + placed.padding));
    rtp::patch_transport_cc(packet.header(), packet.patch, sent.note_sent(now, size));
  }
  rtp::patch_abs_send_time(packet.header(), packet.patch, now);
  if (placed.padding != 0) packet.head[0] |= kPaddingBit;

  const auto job = session.prepare({.header = packet.header(),
                                    .payload_prefix = packet.prefix(),
                                    .payload = packet.payload,
                                    .padding = placed.padding,
                                    .out = writer.reserve(room_for(placed)),
                                    .repeats_payload = packet.is_repetition});
  if (!job) {
    ++counters_.dropped;
    if (job.error() == srtp::ProtectError::TooManyStreams) ++counters_.without_stream;
    return;
  }
  writer.add(path, *job, std::move(packet.keeps_payload));
  ++counters_.packets;
  counters_.bytes += job->size();
  counters_.padding_bytes += placed.padding;
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

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "bwe/sent_packets.h"
#include "media/outgoing_packet.h"
#include "media/rate_counter.h"
#include "srtp/outbound_session.h"
#include "transport/flush_writer.h"
#include "transport/send_batch.h"

namespace sfu::transport {

/// The media packets that one transport's consumers have queued since the last flush.
class SendQueue final : public media::PacketSink {
 public:
  /// A key frame of a large picture, times the consumers of a large meeting.
  static constexpr std::size_t kMaxPackets = 8192;

  struct Counters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;      // Datagrams as they leave, without IP and UDP headers.
    std::uint64_t rtp_bytes = 0;  // Before protection, RTX not counted.
    std::uint64_t rtx_bytes = 0;
    std::uint64_t padding_bytes = 0;   // Added so that packets leave in fewer calls.
    std::uint64_t dropped = 0;         // Queue full, no way to send, or refused by SRTP.
    std::uint64_t without_stream = 0;  // Of those: the session has sent all the SSRCs it can.
  };

  /// `batch` outlives the queue.
  SendQueue(SendBatch& batch, SendBatch::Slot slot) : batch_(batch), slot_(slot) {}
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  media::OutgoingPacket* emplace() override;
  void cancel() override;

  /// Numbers and stamps all that is queued and hands it to `writer`, which encrypts it. The
  /// transport-wide number, the send time and the SRTP index are those of this moment.
  void flush(Timestamp now, const Path& path, srtp::OutboundSession& session,
             bwe::SentPackets& sent, FlushWriter& writer);
  /// Drops what is queued: there is no way to send it.
  void discard();

  const Counters& counters() const { return counters_; }
  /// Of the last second: all media datagrams, and RTX alone before protection.
  DataRate rate(Timestamp now) const { return rate_.rate(now); }
  DataRate rtx_rate(Timestamp now) const { return rtx_rate_.rate(now); }

 private:
  void send(Timestamp now, const Path& path, const PlacedPacket& placed,
            srtp::OutboundSession& session, bwe::SentPackets& sent, FlushWriter& writer);
  void clear();

  SendBatch& batch_;
  const SendBatch::Slot slot_;
  std::vector<media::OutgoingPacket*> packets_;
  Counters counters_;
  media::RateCounter rate_;
  media::RateCounter rtx_rate_;
};

}  // namespace sfu::transport

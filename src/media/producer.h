#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/packet_buffer.h"
#include "base/random.h"
#include "base/result.h"
#include "base/units.h"
#include "media/audio_meter.h"
#include "media/codec_table.h"
#include "media/router.h"
#include "media/stats.h"
#include "media/stream_receiver.h"
#include "ortc/parameters.h"
#include "rtcp/packet.h"
#include "rtcp/sender_report.h"
#include "rtp/codec/dependency_descriptor.h"
#include "rtp/packet_view.h"

namespace sfu::media {

enum class ProducerError : std::uint8_t {
  IdTaken,
  NoCodec,         // None that the server knows.
  TooManyStreams,  // More encodings than kMaxStreams, or none.
  RouterFull,
};

struct ProducerOptions {
  ProducerId id;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  const ortc::RtpParameters& parameters;
  const ortc::RtpMapping& mapping;
  bool paused = false;
};

/// What one publisher sends of one kind: takes its packets, repairs its losses, reports on it, and
/// feeds the router's source of the same id, which lives as long as the producer.
class Producer {
 public:
  /// Receiver reports leave this far apart on average, each after a random half to one and a half
  /// of it (RFC 3550 §6.2).
  static constexpr TimeDelta kReportInterval = std::chrono::seconds(1);

  /// A longer one is a peer's error: retries by it would never come.
  static constexpr TimeDelta kMaxRoundTripTime = std::chrono::seconds(5);

  /// `router` and `random` outlive the producer.
  static Result<std::unique_ptr<Producer>, ProducerError> create(Timestamp now,
                                                                 const ProducerOptions& options,
                                                                 Router& router,
                                                                 RandomSource& random);
  /// The router's source for what `options` describe, as create() makes it.
  static Result<Source*, ProducerError> add_source(Timestamp now, const ProducerOptions& options,
                                                   Router& router);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  ProducerId id() const { return id_; }
  ortc::MediaKind kind() const { return source_.kind(); }
  const CodecTable& codecs() const { return codecs_; }
  Source& source() { return source_; }
  const std::optional<std::string>& mid() const { return mid_; }
  std::size_t stream_count() const { return receivers_.size(); }
  const StreamReceiver& receiver(std::size_t stream) const { return receivers_[stream]; }

  enum class Outcome : std::uint8_t {
    Forwarded,
    Empty,      // Padding, or RTX that carries nothing.
    Duplicate,  // Or too old to place.
    Paused,
    UnknownPayloadType,
    Malformed,    // RTX that cannot be unwrapped.
    OnProbation,  // Of a source that has yet to show two packets in sequence (RFC 3550 A.1).
  };
  /// One packet of `stream`, as the listener told. `packet` is a view of all of `buffer`.
  Outcome handle_packet(Timestamp now, PacketBuffer&& buffer, const rtp::PacketView& packet,
                        std::size_t stream, bool is_rtx);
  void handle_sender_report(Timestamp now, std::size_t stream, const rtcp::SenderInfo& info);
  /// The publisher starts this stream anew under another SSRC.
  void set_ssrc(std::size_t stream, Ssrc ssrc, bool is_rtx);

  /// Packets of a paused producer are counted and reported on, but neither asked for nor forwarded.
  void set_paused(Timestamp now, bool paused);
  bool paused() const { return source_.paused(); }

  /// Between us and the publisher. Beyond kMaxRoundTripTime it changes nothing.
  void set_round_trip_time(TimeDelta rtt);

  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;
  /// Writes what is due now: NACK, PLI or FIR, receiver reports, all in the name of `sender`. False
  /// where the builder is full: send it and call again.
  bool collect_rtcp(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder);

  ProducerStats stats(Timestamp now) const;
  /// Of the encodings that have come so far. ProducerScored tells of each change, with the reports
  /// and no more often.
  std::vector<EncodingScore> scores() const;

 private:
  Producer(const ProducerOptions& options, CodecTable codecs, Router& router, Source& source,
           RandomSource& random);

  /// Takes the retransmitted packet out of `buffer`, in place.
  std::optional<rtp::PacketView> unwrap(PacketBuffer& buffer, const rtp::PacketView& rtx,
                                        const StreamReceiver& receiver, Outcome& outcome) const;
  void inspect(ReceivedPacket& packet, const CodecEntry& codec);
  bool opens_key_frame(const ReceivedPacket& packet) const;
  bool read_descriptor(ReceivedPacket& packet, rtp::codec::DependencyDescriptor& descriptor);
  void check_losses(Timestamp now);
  bool collect_reports(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder);
  void schedule_report(Timestamp now);
  void measure_scores(Timestamp now);
  void measure_volume(Timestamp now, const rtp::PacketView& packet);

  const ProducerId id_;
  const std::optional<std::string> mid_;
  const CodecTable codecs_;
  Router& router_;
  Source& source_;
  RandomSource& random_;
  std::vector<StreamReceiver> receivers_;
  TimeDelta rtt_{};
  std::optional<Timestamp> next_report_;  // From the first packet on.
  std::unique_ptr<AudioMeter> meter_;     // Where its packets are to tell how loud they are.
};

}  // namespace sfu::media

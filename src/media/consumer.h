#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/units.h"
#include "media/codec_table.h"
#include "media/event.h"
#include "media/source.h"
#include "media/stats.h"
#include "media/subscriber.h"
#include "ortc/parameters.h"
#include "rtcp/nack.h"
#include "rtcp/packet.h"
#include "rtcp/report_block.h"

namespace sfu::media {

enum class ConsumerType : std::uint8_t { Simple, Simulcast, Svc };

enum class ConsumerError : std::uint8_t {
  NoCodec,  // None that the server knows.
  NoSsrc,   // The parameters must name exactly one encoding with an SSRC.
};

struct ConsumerOptions {
  ConsumerId id;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  ConsumerType type = ConsumerType::Simple;
  const ortc::RtpParameters& parameters;  // As the client is told.
  bool paused = true;
};

/// One viewer's copy of one producer: one continuous stream, whatever layers it is made of. Decides
/// what is forwarded, numbers it so that nothing left out on purpose looks lost, answers NACKs from
/// the source's history, and keeps asking for a key frame until it has one.
class Consumer final : public Subscriber {
 public:
  static Result<std::unique_ptr<Consumer>, ConsumerError> create(Timestamp now,
                                                                 const ConsumerOptions& options,
                                                                 RandomSource& random);
  ~Consumer();

  ConsumerId id() const;
  Ssrc ssrc() const;
  std::optional<Ssrc> rtx_ssrc() const;

  void pause(Timestamp now);
  /// Asks for a key frame at once; video flows from the first packet of one.
  void resume(Timestamp now);
  bool paused() const;

  /// What is wanted at most; clamped to what the producer has, and returned so. No temporal layer
  /// means all.
  Layers set_preferred_layers(Timestamp now, std::uint8_t spatial,
                              std::optional<std::uint8_t> temporal);
  /// What is forwarded now.
  std::optional<Layers> current_layers() const;

  void handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) override;
  void handle_source_paused(Timestamp now, bool paused) override;
  void handle_source_closed() override;

  // Feedback of the viewer, by RTCP. The transport finds the consumer by ssrc() or rtx_ssrc().

  /// Retransmits what history has.
  void handle_nack(Timestamp now, const rtcp::Nack& nack, PacketSink& sink);
  enum class KeyFrameFeedback : std::uint8_t { Pli, Fir };
  void handle_key_frame_request(Timestamp now, KeyFrameFeedback feedback);
  /// The application asks.
  void request_key_frame(Timestamp now);
  /// Of ssrc(): loss and round-trip time.
  void handle_report_block(Timestamp now, const rtcp::ReportBlock& block);

  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;
  /// Writes the sender report and CNAME where they are due. False where the builder is full: send
  /// it and call again.
  bool collect_rtcp(Timestamp now, rtcp::CompoundBuilder& builder);

  ConsumerStats stats(Timestamp now) const;

 private:
  struct State;
  explicit Consumer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sfu::media

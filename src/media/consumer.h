#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/token_bucket.h"
#include "base/units.h"
#include "media/codec_table.h"
#include "media/event.h"
#include "media/layer_selector.h"
#include "media/numbering.h"
#include "media/picture_numbers.h"
#include "media/rate_counter.h"
#include "media/retransmission_budget.h"
#include "media/sender_reports.h"
#include "media/source.h"
#include "media/stats.h"
#include "media/stream_score.h"
#include "media/subscriber.h"
#include "media/timeline.h"
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
  ProducerId producer;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  ConsumerType type = ConsumerType::Simple;
  const ortc::RtpParameters& parameters;  // As the client is told.
  bool paused = true;
  bool reachable = true;  // As set_reachable() says.
};

/// One viewer's copy of one producer: one continuous stream, whatever layers it is made of. Decides
/// what is forwarded, numbers it so that nothing left out on purpose looks lost, answers NACKs from
/// the source's history, and keeps asking for a key frame until it has one.
class Consumer final : public Subscriber {
 public:
  /// A video consumer that stands still for so long is reported, once each time.
  static constexpr TimeDelta kStandstillReport = std::chrono::seconds(2);
  /// One that is not resumed for so long after it was made, too: its client forgot to.
  static constexpr TimeDelta kNeverResumedReport = std::chrono::seconds(10);

  /// Of a stream from which nothing came for so long, no layer is said to be forwarded. Longer than
  /// a screen that does not move takes from frame to frame.
  static constexpr TimeDelta kRest = std::chrono::seconds(2);

  /// `random` outlives the consumer.
  static Result<std::unique_ptr<Consumer>, ConsumerError> create(Timestamp now,
                                                                 const ConsumerOptions& options,
                                                                 RandomSource& random);
  ~Consumer();

  ConsumerId id() const { return id_; }
  ProducerId producer() const { return producer_; }
  Ssrc ssrc() const { return ssrc_; }
  std::optional<Ssrc> rtx_ssrc() const { return rtx_ssrc_; }

  void pause(Timestamp now);
  /// Asks for a key frame at once; video flows from the first packet of one.
  void resume(Timestamp now);
  bool paused() const { return paused_; }
  /// Whether there is a way to the viewer. Where there was none, a key frame would have been lost:
  /// video starts at one that comes when there is.
  void set_reachable(Timestamp now, bool reachable);

  /// What is wanted at most; clamped to what the producer has, and returned so. No temporal layer
  /// means all.
  Layers set_preferred_layers(Timestamp now, std::uint8_t spatial,
                              std::optional<std::uint8_t> temporal);
  /// What is forwarded now.
  std::optional<Layers> current_layers() const;
  /// How much it matters beside the viewer's other consumers, where not all have room.
  void set_priority(std::uint8_t priority) { priority_ = priority; }

  void handle_subscribed(Timestamp now) override;
  void handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) override;
  void handle_source_paused(Timestamp now, bool paused) override;
  void handle_source_score(Timestamp now) override;
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
  /// The same; when it moves nearer after this, but not in handle_timeout() or collect_rtcp(),
  /// DeadlineMoved is posted.
  std::optional<Timestamp> take_deadline() {
    tells_deadline_ = true;
    return next_timeout();
  }
  /// Writes the sender report and CNAME where they are due. False where the builder is full: send
  /// it and call again.
  bool collect_rtcp(Timestamp now, rtcp::CompoundBuilder& builder);

  ConsumerStats stats(Timestamp now) const;

 private:
  /// A publisher can change its layers with every packet; its viewers are told within these.
  static constexpr double kTellingsPerSecond = 2;
  static constexpr double kTellingBurst = 16;
  static constexpr TimeDelta kTellingPause = std::chrono::milliseconds(500);
  /// A viewer can report with every packet; its score is measured no more often than so.
  static constexpr TimeDelta kScoreInterval = std::chrono::milliseconds(500);

  /// How one packet leaves for this viewer.
  struct Leaving {
    std::int64_t number = 0;  // The sequence number, unwrapped.
    Shift shift{};
    bool ends_picture = false;
    /// False where it is not for this viewer, but its number waits for it: only a header leaves.
    bool with_payload = true;
    bool is_repetition = false;
  };

  Consumer(Timestamp now, const ConsumerOptions& options, CodecTable codecs, Ssrc ssrc,
           RandomSource& random);

  void handle_in_order(Timestamp now, const ReceivedPacket& packet, PacketSink& sink);
  void handle_late(Timestamp now, const ReceivedPacket& packet, PacketSink& sink);
  Choice choose(Timestamp now, const ReceivedPacket& packet);
  void start(Timestamp now, const ReceivedPacket& packet);
  void stop(Timestamp now);
  void forward(Timestamp now, const ReceivedPacket& packet, const Choice& choice, PacketSink& sink);
  void note_key_frame(Timestamp now, const ReceivedPacket& packet);
  void leave_out(const ReceivedPacket& packet, const Choice& choice);
  /// What comes after the late first packet of a key frame, and was passed over.
  void catch_up(Timestamp now, std::uint8_t stream, std::int64_t sequence, PacketSink& sink);
  void retransmit(Timestamp now, std::uint16_t sequence_number, PacketSink& sink);
  bool send(Timestamp now, const ReceivedPacket& packet, const Leaving& leaving, PacketSink& sink);
  /// Repetitions leave as RTX where that is negotiated.
  bool write(const ReceivedPacket& packet, const Leaving& leaving, OutgoingPacket& out);
  /// How a packet leaves that is not the next: `place` has its outgoing number.
  Leaving out_of_order(const ReceivedPacket& packet, const Numbering::Found& place) const;
  bool is_wanted(const ReceivedPacket& packet, std::int64_t number, const Shift& shift) const;
  /// Those that its picture began with, which a gap's do not include where the viewer went down
  /// within the gap.
  Layers layers_of_picture(const ReceivedPacket& packet, const Numbering::Found& place) const;
  /// Whether what left with this number shows more of the picture of `packet`: a layer was taken
  /// back in it.
  bool picture_goes_on(const ReceivedPacket& packet, std::int64_t number) const;
  /// Where this number belongs to the same picture as `packet`, and is kept still.
  std::optional<Numbering::Found> in_picture(const ReceivedPacket& packet,
                                             std::int64_t number) const;
  const CodecEntry* codec_of(const ReceivedPacket& packet);

  bool can_flow() const { return source() && !paused_ && reachable_ && !source()->paused(); }
  bool is_video() const { return selector_ != nullptr; }
  void set_viewed(std::optional<std::uint8_t> stream);
  void update_waits(Timestamp now);
  void update_layers(Timestamp now);
  void update_clock();
  void note_deadline_moved();
  void measure_score(Timestamp now);
  void tell_score();
  /// Of the encoding that it forwards.
  std::uint8_t source_score() const;

  const ConsumerId id_;
  const ProducerId producer_;
  const ortc::MediaKind kind_;
  const ConsumerType type_;
  const Ssrc ssrc_;
  const std::optional<Ssrc> rtx_ssrc_;
  const CodecTable codecs_;
  const rtp::ExtensionMap extensions_;
  const std::string mid_;
  const std::string cname_;
  const Timestamp created_;

  std::uint8_t priority_ = 1;
  bool paused_;
  bool reachable_;
  bool awaits_first_resume_;                 // And has not been reported for it.
  std::unique_ptr<LayerSelector> selector_;  // Video only.
  Numbering numbering_;
  std::int64_t first_number_ = 0;  // Since the latest start.
  Shift shift_;
  Timeline timeline_;
  PictureNumbers pictures_;
  std::int64_t next_rtx_;
  const CodecEntry* codec_ = nullptr;  // Of the latest packet.

  std::uint32_t waits_ = 0;             // The streams of which this consumer waits for a key frame.
  bool needs_refresh_ = false;          // The viewer lost its picture.
  std::optional<std::uint8_t> viewed_;  // Counted as a viewer of this stream.
  std::optional<Timestamp> stands_still_since_;
  bool told_that_it_waits_ = false;
  std::optional<Timestamp> silence_check_;
  bool rests_ = false;  // See kRest.
  std::optional<Layers> told_layers_;
  TokenBucket tellings_;
  std::optional<Timestamp> tell_again_;  // Layers changed that could not be told yet.
  bool tells_deadline_ = false;          // Once, until the next take_deadline().

  SenderReports reports_;
  RetransmissionBudget budget_;
  RateCounter rate_;
  StreamScore score_;
  struct Measured {
    Timestamp at{};
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t retransmitted = 0;
  };
  std::optional<Measured> measured_;  // When the score last was.
  struct Scores {
    std::uint8_t own = 0;
    std::uint8_t producer = 0;
    friend bool operator==(const Scores&, const Scores&) = default;
  };
  std::optional<Scores> told_scores_;
  std::uint64_t bytes_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t discarded_ = 0;
  std::uint64_t retransmitted_ = 0;
  std::uint32_t nacks_ = 0;
  std::uint32_t nacked_packets_ = 0;
  std::uint32_t plis_ = 0;
  std::uint32_t firs_ = 0;
  std::uint32_t key_frames_ = 0;
};

}  // namespace sfu::media

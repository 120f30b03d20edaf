#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/units.h"
#include "media/layer_rates.h"
#include "media/loss_list.h"
#include "media/rate_counter.h"
#include "media/reception.h"
#include "media/stats.h"
#include "media/stream_score.h"
#include "rtcp/packet.h"
#include "rtp/codec/dependency_descriptor.h"

namespace sfu::media {

/// One incoming encoding: its sequence numbers, its losses and their repair, its reports.
class StreamReceiver {
 public:
  /// RFC 3550 A.1: a jump beyond these is a restart of the sender, once a second packet confirms
  /// it.
  static constexpr std::int64_t kMaxDropout = 3000;
  static constexpr std::int64_t kMaxMisorder = 100;
  /// Up to so far behind, only packets of a later time than the highest one's are of a sender that
  /// restarted: older ones are late, on a way that was slower than their retransmission.
  static constexpr std::int64_t kMaxLateness = 1500;

  struct Options {
    std::optional<Ssrc> ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::optional<std::string> rid;
    std::uint32_t clock_rate = 90'000;
    bool nack = false;
    bool pli = false;
    bool fir = false;
  };
  explicit StreamReceiver(const Options& options);

  const std::optional<Ssrc>& ssrc() const { return options_.ssrc; }
  const std::optional<Ssrc>& rtx_ssrc() const { return options_.rtx_ssrc; }
  const std::optional<std::string>& rid() const { return options_.rid; }
  /// Learned, or changed: another SSRC counts from its own first packet.
  void set_ssrc(Ssrc ssrc);
  void set_rtx_ssrc(Ssrc ssrc) { options_.rtx_ssrc = ssrc; }

  struct Placed {
    enum class Verdict : std::uint8_t {
      New,
      Late,         // Below the highest, and missed until now.
      Duplicate,    // Here already, or given up.
      OnProbation,  // Far off; the next in sequence will show whether the sender restarted.
    };
    Verdict verdict = Verdict::New;
    std::int64_t sequence = 0;  // Unwrapped, where New or Late. A restart lies beyond kMaxDropout.
  };
  /// Where a packet belongs. Those missing before it are asked for where NACK is negotiated, unless
  /// `quiet`.
  Placed place(Timestamp now, std::uint16_t sequence_number, std::uint32_t rtp_timestamp,
               bool repaired, bool quiet);
  void forget_losses() { losses_.clear(); }

  /// Gives up what is hopeless. True where that leaves a gap after the latest key frame.
  bool expire_losses(Timestamp now);
  void handle_key_frame(std::int64_t sequence) { latest_key_frame_ = sequence; }
  void set_round_trip_time(TimeDelta rtt) { losses_.set_round_trip_time(rtt); }
  std::optional<Timestamp> next_timeout() const {
    return options_.nack ? losses_.next_timeout() : losses_.next_expiry();
  }

  /// Both say false where the builder is full.
  bool collect_nack(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder);
  bool append_key_frame_request(Ssrc sender, rtcp::CompoundBuilder& builder);
  bool can_request_key_frame() const { return options_.ssrc && (options_.pli || options_.fir); }
  Reception& reception() { return reception_; }

  /// The dependency structure that descriptors refer to, and room to read the next one into; made
  /// at first use.
  struct Structures {
    rtp::codec::TemplateStructure latest;
    rtp::codec::TemplateStructure attached;
    bool has_latest = false;
  };
  Structures& structures();

  /// Adds to what only the receiver can count.
  void count_packet(Timestamp now, std::size_t bytes, bool is_rtx);
  /// The packet that was counted last is of this layer of a picture.
  void count_layer(Timestamp now, std::size_t bytes, std::uint8_t spatial, std::uint8_t temporal);
  void count_discarded() { ++discarded_; }
  void count_repaired() { ++repaired_; }
  void count_key_frame() { ++key_frames_; }
  RtpStreamStats stats(Timestamp now) const;

  /// To be called about once a second; what came of a `paused` stream does not count.
  void measure_score(Timestamp now, bool paused);
  /// None before the first packet.
  std::optional<std::uint8_t> score() const {
    return highest_ ? std::optional(score_.value()) : std::nullopt;
  }

 private:
  bool is_only_late(std::int64_t jump, std::uint32_t rtp_timestamp) const;
  Placed restart(Timestamp now, std::uint16_t sequence_number, std::int64_t jump, bool quiet);

  Options options_;
  std::optional<std::int64_t> highest_;
  std::uint32_t highest_timestamp_ = 0;             // On the wire.
  std::optional<std::uint16_t> restart_candidate_;  // Would confirm a restart (RFC 3550: bad_seq).
  bool believes_next_ = false;  // After a change of SSRC: any number is a restart.
  std::optional<std::int64_t> latest_key_frame_;
  LossList losses_;
  Reception reception_;
  RateCounter rate_;
  std::unique_ptr<LayerRates> layers_;  // From the first packet above the lowest layer on.
  ArrivalScore score_;
  std::unique_ptr<Structures> structures_;
  std::uint8_t fir_number_ = 0;

  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t discarded_ = 0;
  std::uint64_t retransmitted_ = 0;
  std::uint64_t repaired_ = 0;
  std::uint32_t nacks_ = 0;
  std::uint32_t nacked_packets_ = 0;
  std::uint32_t plis_ = 0;
  std::uint32_t firs_ = 0;
  std::uint32_t key_frames_ = 0;
};

}  // namespace sfu::media

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "bwe/loss_meter.h"
#include "rtcp/transport_feedback.h"
#include "rtp/sequence.h"

namespace sfu::bwe {

/// Waiting arrivals that make a feedback due at once, without waiting for its deadline.
inline constexpr std::size_t kArrivalsThatMakeFeedbackDue = 200;
/// Arrivals beyond this are dropped until feedback has been polled, and so reported lost.
inline constexpr std::size_t kMaxWaitingArrivals = 2 * kArrivalsThatMakeFeedbackDue;
/// Numbers that come later than this behind the newest are forgotten.
inline constexpr std::int64_t kMaxReordering = 1024;

struct ArrivalRecorderSettings {
  Ssrc sender;  // Under which the feedback is sent.
  /// From the first waiting arrival to the feedback; what browsers use above 220 kbit/s.
  TimeDelta interval = std::chrono::milliseconds(50);
};

/// The receiving end of transport-wide congestion control, for one transport: notes when each
/// numbered packet arrived and makes the feedback that lets the sender's estimator work. A number
/// is reported once; one that comes late, after it was reported lost, is reported in a packet by
/// itself.
class ArrivalRecorder {
 public:
  explicit ArrivalRecorder(const ArrivalRecorderSettings& settings) : settings_(settings) {}

  /// `media` is the packet's SSRC: feedback must name one.
  void note_arrival(Timestamp now, std::uint16_t sequence_number, Ssrc media);

  /// When the next feedback is due; nothing while no arrival waits.
  std::optional<Timestamp> next_timeout() const;

  /// Writes one RTCP packet into `out` and returns its size, or 0 where none is due. Call until 0.
  std::size_t poll_feedback(Timestamp now, MutableBytes out);

  /// Which share of the numbers did not arrive lately, by what has been reported; 0 to 1.
  std::optional<double> loss() const { return loss_.fraction(); }

  std::uint64_t dropped() const { return dropped_; }  // Duplicates, too late, or too many.

 private:
  ArrivalRecorderSettings settings_;
  rtp::SequenceUnwrapper<std::uint16_t> unwrapper_;
  std::vector<rtcp::Arrival> waiting_;  // Ascending by number.
  std::optional<std::int64_t> next_unreported_;
  std::optional<Timestamp> deadline_;
  Ssrc media_;
  std::uint8_t feedback_number_ = 0;
  std::uint64_t dropped_ = 0;
  LossMeter loss_;
};

}  // namespace sfu::bwe

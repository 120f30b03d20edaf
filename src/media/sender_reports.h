#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/units.h"
#include "media/sender_clock.h"
#include "rtcp/packet.h"
#include "rtcp/report_block.h"

namespace sfu::media {

/// The sender's half of RTCP for one outgoing stream: sender reports out, report blocks in.
///
/// Reports tell the publisher's own wall clock, so that its audio and video stay in step whatever
/// way they took. Round trips are therefore measured against our record of when each report left,
/// not against the time that it names.
class SenderReports {
 public:
  /// Apart on average; each after a random half to one and a half of it (RFC 3550 §6.2).
  static constexpr TimeDelta kVideoInterval = std::chrono::seconds(1);
  static constexpr TimeDelta kAudioInterval = std::chrono::seconds(3);
  /// The first one comes soon: until then the viewer cannot tell what belongs together.
  static constexpr TimeDelta kFirstDelay = std::chrono::milliseconds(50);

  SenderReports(Ssrc ssrc, TimeDelta interval, RandomSource& random)
      : ssrc_(ssrc), interval_(interval), random_(random) {}

  /// True where next_timeout() is set by it.
  bool handle_sent(Timestamp now, std::size_t payload_bytes) {
    ++packets_;
    payload_bytes_ += payload_bytes;
    if (next_) return false;
    next_ = now + kFirstDelay;
    return true;
  }
  /// `clock`: the publisher's wall clock against our timestamps.
  void set_clock(const ClockPair& clock) { clock_ = clock; }
  void handle_report_block(Timestamp now, const rtcp::ReportBlock& block);

  std::optional<Timestamp> next_timeout() const { return next_; }
  /// Where one is due and something was sent since the last. False where the builder is full.
  bool collect(Timestamp now, std::uint32_t clock_rate, std::string_view cname,
               rtcp::CompoundBuilder& builder);

  /// None before the first answer to a report.
  std::optional<TimeDelta> round_trip_time() const { return rtt_; }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t packets_lost() const { return packets_lost_; }
  std::uint8_t fraction_lost() const { return fraction_lost_; }
  std::uint32_t jitter() const { return jitter_; }

 private:
  static constexpr std::size_t kRemembered = 8;
  struct Report {
    std::uint32_t compact_ntp = 0;
    Timestamp left{};
  };

  void schedule(Timestamp now);

  const Ssrc ssrc_;
  const TimeDelta interval_;
  RandomSource& random_;
  std::optional<ClockPair> clock_;
  std::optional<Timestamp> next_;  // While there is something to report.
  std::uint64_t packets_ = 0;
  std::uint64_t payload_bytes_ = 0;
  std::uint64_t packets_reported_ = 0;
  std::array<Report, kRemembered> reports_{};
  std::size_t newest_report_ = 0;

  std::optional<TimeDelta> rtt_;
  std::uint64_t packets_lost_ = 0;
  std::uint8_t fraction_lost_ = 0;
  std::uint32_t jitter_ = 0;
};

}  // namespace sfu::media

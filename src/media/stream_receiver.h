#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/units.h"
#include "media/codec_table.h"
#include "media/loss_list.h"
#include "media/rate_counter.h"
#include "media/reception.h"
#include "media/stats.h"
#include "rtcp/packet.h"
#include "rtcp/report_block.h"
#include "rtcp/sender_report.h"

namespace sfu::media {

/// One incoming encoding: its sequence numbers, its losses and their repair, its reports.
class StreamReceiver {
 public:
  /// Receiver reports leave this far apart on average, each a random half to one and a half of it
  /// (RFC 3550 §6.2).
  static constexpr TimeDelta kReportInterval = std::chrono::seconds(1);
  /// RFC 3550 A.1: a jump beyond these is a restart of the sender, once a second packet confirms
  /// it.
  static constexpr std::int64_t kMaxDropout = 3000;
  static constexpr std::int64_t kMaxMisorder = 100;

  struct Options {
    std::optional<Ssrc> ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::optional<std::string> rid;
    std::uint32_t clock_rate = 90'000;
    bool nack = false;
    bool pli = false;
    bool fir = false;
  };
  StreamReceiver(const Options& options, RandomSource& random);

  std::optional<Ssrc> ssrc() const { return options_.ssrc; }
  std::optional<Ssrc> rtx_ssrc() const { return options_.rtx_ssrc; }
  const std::optional<std::string>& rid() const { return options_.rid; }
  /// Learned, or changed: then all begins anew.
  void set_ssrc(Ssrc ssrc);
  void set_rtx_ssrc(Ssrc ssrc) { options_.rtx_ssrc = ssrc; }

  struct Placed {
    enum class Verdict : std::uint8_t { New, Late, Duplicate, OnProbation } verdict;
    std::int64_t sequence = 0;
    bool restarted = false;  // The first packet after a restart of the sender.
  };
  /// Where a packet belongs. Missing ones before it are asked for unless `quiet`.
  Placed place(Timestamp now, std::uint16_t sequence_number, std::uint32_t rtp_timestamp,
               bool repaired, bool quiet);

 private:
  Options options_;
};

}  // namespace sfu::media

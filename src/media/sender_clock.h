#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "rtp/ntp.h"

namespace sfu::media {

/// A pair of the sender's wall clock and its RTP clock, as a sender report tells it, and when it
/// arrived.
struct ClockPair {
  rtp::NtpTime ntp;
  std::uint32_t rtp_timestamp = 0;
  Timestamp arrival;
};

/// RTP ticks in `span`, rounded down, and back.
std::int64_t to_ticks(TimeDelta span, std::uint32_t clock_rate);
TimeDelta from_ticks(std::int64_t ticks, std::uint32_t clock_rate);

/// From `earlier` to `later`; negative the other way round.
TimeDelta ntp_between(rtp::NtpTime earlier, rtp::NtpTime later);

rtp::NtpTime add(rtp::NtpTime time, TimeDelta span);

/// The timestamp that `to`'s stream has at the moment at which `from`'s stream has `timestamp`:
/// both streams have one wall clock and one clock rate.
std::uint32_t translate_timestamp(std::uint32_t timestamp, const ClockPair& from,
                                  const ClockPair& to, std::uint32_t clock_rate);

}  // namespace sfu::media

#pragma once

#include <compare>
#include <cstdint>

#include "base/units.h"

namespace sfu::rtp {

/// Seconds since 1900 as 32.32 fixed point (RFC 3550 §4).
struct NtpTime {
  std::uint64_t value = 0;

  constexpr std::uint32_t seconds() const { return static_cast<std::uint32_t>(value >> 32); }
  constexpr std::uint32_t fraction() const { return static_cast<std::uint32_t>(value); }
  /// The middle 32 bits: 16.16 seconds, as LSR and LRR carry it.
  constexpr std::uint32_t compact() const { return static_cast<std::uint32_t>(value >> 16); }

  friend constexpr auto operator<=>(const NtpTime&, const NtpTime&) = default;
};

/// From the protocol clock to NTP time and back. It reads no clock: who makes timestamps says what
/// wall time timestamp zero was.
struct NtpClock {
  TimeDelta offset{};  // From 1900-01-01 to timestamp zero.

  /// Exact to the microsecond both ways.
  NtpTime to_ntp(Timestamp time) const;
  Timestamp to_timestamp(NtpTime time) const;
};

/// A duration in the 1/65536 s of DLSR (RFC 3550 §6.4.1). Negative gives 0, too long gives the
/// most.
std::uint32_t to_compact_ntp(TimeDelta duration);
TimeDelta from_compact_ntp(std::uint32_t duration);

/// now - last_report - delay_since_last_report, all compact (RFC 3550 §6.4.1); at least zero, since
/// clocks round. `last_report` is not 0, which means that there was none.
TimeDelta round_trip_time(std::uint32_t now, std::uint32_t last_report,
                          std::uint32_t delay_since_last_report);

}  // namespace sfu::rtp

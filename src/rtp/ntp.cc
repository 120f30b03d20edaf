#include "rtp/ntp.h"

#include <algorithm>
#include <limits>

namespace sfu::rtp {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerEra = (std::int64_t{1} << 32) * kMicrosPerSecond;

constexpr std::int64_t floor_modulo(std::int64_t value, std::int64_t modulus) {
  const std::int64_t rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}

}  // namespace

NtpTime NtpClock::to_ntp(Timestamp time) const {
  const std::int64_t micros =
      floor_modulo((time.time_since_epoch() + offset).count(), kMicrosPerEra);
  const auto seconds = static_cast<std::uint64_t>(micros / kMicrosPerSecond);
  const auto rest = static_cast<std::uint64_t>(micros % kMicrosPerSecond);
  return NtpTime{seconds << 32 | (rest << 32) / kMicrosPerSecond};
}

Timestamp NtpClock::to_timestamp(NtpTime time) const {
  const std::uint64_t rest =
      (std::uint64_t{time.fraction()} * kMicrosPerSecond + (std::uint64_t{1} << 31)) >> 32;
  const std::int64_t since_1900 =
      std::int64_t{time.seconds()} * kMicrosPerSecond + static_cast<std::int64_t>(rest);
  // The seconds wrap in 2036: of all times that read so, the one nearest to timestamp zero is
  // meant.
  const std::int64_t micros =
      floor_modulo(since_1900 - offset.count() + kMicrosPerEra / 2, kMicrosPerEra) -
      kMicrosPerEra / 2;
  return Timestamp(TimeDelta(micros));
}

std::uint32_t to_compact_ntp(TimeDelta duration) {
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  // Longer than this is cut anyway; the bound keeps the shift from overflowing.
  const std::int64_t micros =
      std::clamp<std::int64_t>(duration.count(), 0, (kMax / 65536 + 1) * kMicrosPerSecond);
  return static_cast<std::uint32_t>(
      std::min((micros * 65536 + kMicrosPerSecond / 2) / kMicrosPerSecond, kMax));
}

TimeDelta from_compact_ntp(std::uint32_t duration) {
  return TimeDelta((std::int64_t{duration} * kMicrosPerSecond + 32768) / 65536);
}

TimeDelta round_trip_time(std::uint32_t now, std::uint32_t last_report,
                          std::uint32_t delay_since_last_report) {
  const std::uint32_t elapsed = now - last_report - delay_since_last_report;
  if (elapsed >= 0x8000'0000u) return TimeDelta::zero();
  return from_compact_ntp(elapsed);
}

}  // namespace sfu::rtp

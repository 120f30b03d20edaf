#include "media/sender_clock.h"

namespace sfu::media {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

}  // namespace

std::int64_t to_ticks(TimeDelta span, std::uint32_t clock_rate) {
  // Seconds by themselves: wall clocks that senders tell may lie decades apart.
  const auto rate = static_cast<std::int64_t>(clock_rate);
  const std::int64_t seconds = span.count() / kMicrosecondsPerSecond;
  const std::int64_t scaled = span.count() % kMicrosecondsPerSecond * rate;
  const std::int64_t ticks = seconds * rate + scaled / kMicrosecondsPerSecond;
  return scaled % kMicrosecondsPerSecond < 0 ? ticks - 1 : ticks;
}

TimeDelta from_ticks(std::int64_t ticks, std::uint32_t clock_rate) {
  return TimeDelta(ticks * kMicrosecondsPerSecond / static_cast<std::int64_t>(clock_rate));
}

TimeDelta ntp_between(rtp::NtpTime earlier, rtp::NtpTime later) {
  // The difference of two 32.32 numbers, also across the end of the NTP era.
  const auto difference = static_cast<std::int64_t>(later.value - earlier.value);
  const std::int64_t seconds = difference >> 32;
  const std::int64_t fraction = difference & 0xffff'ffff;
  return TimeDelta(seconds * kMicrosecondsPerSecond +
                   ((fraction * kMicrosecondsPerSecond + (std::int64_t{1} << 31)) >> 32));
}

rtp::NtpTime add(rtp::NtpTime time, TimeDelta span) {
  std::int64_t seconds = span.count() / kMicrosecondsPerSecond;
  std::int64_t rest = span.count() % kMicrosecondsPerSecond;
  if (rest < 0) {
    rest += kMicrosecondsPerSecond;
    --seconds;
  }
  const std::int64_t fraction = (rest << 32) / kMicrosecondsPerSecond;
  return {time.value + (static_cast<std::uint64_t>(seconds) << 32) +
          static_cast<std::uint64_t>(fraction)};
}

std::uint32_t translate_timestamp(std::uint32_t timestamp, const ClockPair& from,
                                  const ClockPair& to, std::uint32_t clock_rate) {
  const auto since_report = static_cast<std::int32_t>(timestamp - from.rtp_timestamp);
  const std::int64_t apart = to_ticks(ntp_between(to.ntp, from.ntp), clock_rate);
  return static_cast<std::uint32_t>(to.rtp_timestamp + apart + since_report);
}

}  // namespace sfu::media

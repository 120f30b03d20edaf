#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sfu {

/// The clock of all protocol code. It has no now(): only the event loop and the simulator make
/// timestamps, so nothing below them can read the time.
struct MonotonicClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

using Timestamp = MonotonicClock::time_point;
using TimeDelta = MonotonicClock::duration;

class DataSize {
 public:
  constexpr DataSize() = default;
  static constexpr DataSize from_bytes(std::int64_t n) { return DataSize(n); }
  constexpr std::int64_t bytes() const { return bytes_; }

  friend constexpr auto operator<=>(DataSize, DataSize) = default;
  friend constexpr DataSize operator+(DataSize a, DataSize b) {
    return DataSize(a.bytes_ + b.bytes_);
  }
  friend constexpr DataSize operator-(DataSize a, DataSize b) {
    return DataSize(a.bytes_ - b.bytes_);
  }
  constexpr DataSize& operator+=(DataSize other) { return *this = *this + other; }

 private:
  explicit constexpr DataSize(std::int64_t n) : bytes_(n) {}
  std::int64_t bytes_ = 0;
};

class DataRate {
 public:
  constexpr DataRate() = default;
  static constexpr DataRate from_bps(std::int64_t n) { return DataRate(n); }
  static constexpr DataRate from_kbps(std::int64_t n) { return DataRate(n * 1000); }
  constexpr std::int64_t bps() const { return bps_; }

  friend constexpr auto operator<=>(DataRate, DataRate) = default;

 private:
  explicit constexpr DataRate(std::int64_t n) : bps_(n) {}
  std::int64_t bps_ = 0;
};

inline constexpr std::int64_t kMicrobitsPerByte = 8'000'000;

/// `elapsed` is longer than zero.
constexpr DataRate operator/(DataSize size, TimeDelta elapsed) {
  return DataRate::from_bps(size.bytes() * kMicrobitsPerByte / elapsed.count());
}
/// `rate` is above zero.
constexpr TimeDelta operator/(DataSize size, DataRate rate) {
  return TimeDelta(size.bytes() * kMicrobitsPerByte / rate.bps());
}
constexpr DataSize operator*(DataRate rate, TimeDelta span) {
  return DataSize::from_bytes(rate.bps() * span.count() / kMicrobitsPerByte);
}

static_assert(DataSize::from_bytes(1250) / std::chrono::milliseconds(10) ==
              DataRate::from_kbps(1000));

/// An integer that cannot be mixed up with another: StrongId<struct SsrcTag, std::uint32_t>.
template <class Tag, class Rep>
struct StrongId {
  Rep value{};
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

using Ssrc = StrongId<struct SsrcTag, std::uint32_t>;

}  // namespace sfu

template <class Tag, class Rep>
struct std::hash<sfu::StrongId<Tag, Rep>> {
  std::size_t operator()(const sfu::StrongId<Tag, Rep>& id) const {
    return std::hash<Rep>{}(id.value);
  }
};

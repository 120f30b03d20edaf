#pragma once

#include <cstdint>

#include "base/token_bucket.h"
#include "base/units.h"

namespace sfu::transport {

/// Datagrams and wishes of a peer that were not followed, by reason.
struct Refusals {
  std::uint64_t stun = 0;       // Checks that prove nothing, or ask for what cannot be.
  std::uint64_t dtls = 0;       // Not from a validated address.
  std::uint64_t srtp = 0;       // Before there are keys, not authentic, or seen before.
  std::uint64_t malformed = 0;  // Authentic, but not to be parsed.
  std::uint64_t streams = 0;    // RTP of no producer, RTCP for no stream.
  std::uint64_t floods = 0;     // Authentic, but more than one peer may send.

  std::uint64_t total() const { return stun + dtls + srtp + malformed + streams + floods; }
  Refusals& operator+=(const Refusals& other) {
    stun += other.stun;
    dtls += other.dtls;
    srtp += other.srtp;
    malformed += other.malformed;
    streams += other.streams;
    floods += other.floods;
    return *this;
  }
};

/// Says when refusals are worth a line in the log: where they come faster than honest peers cause
/// them (late packets, copies of the network), and then once in a while.
class OffenderWatch {
 public:
  static constexpr double kHonestPerSecond = 20;
  static constexpr double kHonestBurst = 200;
  static constexpr TimeDelta kPause = std::chrono::minutes(1);  // Between two lines.

  /// One refusal. Whether to write the line now.
  bool note(Timestamp now) {
    if (honest_.take(now) || now < silent_until_) return false;
    silent_until_ = now + kPause;
    return true;
  }

 private:
  TokenBucket honest_{kHonestPerSecond, kHonestBurst, Timestamp{}};
  Timestamp silent_until_{};
};

/// So many authentic datagrams of one peer in each tenth of a second, and no more. After
/// authentication, so that nobody spends what is another's.
class FloodGate {
 public:
  static constexpr TimeDelta kWindow = std::chrono::milliseconds(100);
  /// About 190 Mbit/s of full packets: what people send fits fifty times over, and who measures how
  /// much the server can forward does not meet it first.
  static constexpr std::uint32_t kMaxInWindow = 2000;

  bool admit(Timestamp now) {
    if (now >= window_end_) {
      window_end_ = now + kWindow;
      admitted_ = 0;
    }
    if (admitted_ == kMaxInWindow) return false;
    ++admitted_;
    return true;
  }

 private:
  Timestamp window_end_{};
  std::uint32_t admitted_ = 0;
};

}  // namespace sfu::transport

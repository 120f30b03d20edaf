#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "media/source.h"
#include "rtp/sequence.h"

namespace sfu::media {

/// The RTP timestamps of one outgoing stream, which never go backwards over starts and switches.
class Timeline {
 public:
  /// How far the sender's clocks may be from what the times of arrival say, before these count.
  static constexpr TimeDelta kMaxDisagreement = std::chrono::seconds(2);

  explicit Timeline(std::uint32_t first) : newest_(first) {}

  /// What to subtract from the timestamps of `stream`, whose first forwarded packet has `incoming`:
  /// by the same clock where the stream is the one before, by the sender reports of both where
  /// there are such, else by the time that has passed.
  std::uint32_t start(Timestamp now, std::uint8_t stream, std::uint32_t incoming,
                      const Source& source);
  /// A packet left with this timestamp.
  void handle_sent(Timestamp now, std::uint32_t outgoing) {
    if (!rtp::newer_than(outgoing, newest_)) return;
    newest_ = outgoing;
    newest_sent_ = now;
  }

  std::uint32_t newest() const { return newest_; }

 private:
  std::optional<std::uint32_t> by_clocks(std::uint8_t stream, std::uint32_t incoming,
                                         const Source& source) const;

  bool started_ = false;
  std::uint8_t stream_ = 0;
  std::uint32_t shift_ = 0;
  std::uint32_t newest_;
  Timestamp newest_sent_{};
};

}  // namespace sfu::media

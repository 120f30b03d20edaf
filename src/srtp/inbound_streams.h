#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "srtp/replay_window.h"

namespace sfu::srtp {

/// The newest index and the replay window of each SSRC that proved authentic.
///
/// A peer that is authentic can still send endless SSRCs. The kMaxActiveStreams used last have a
/// replay window; of those before only the newest index is kept, and they come back above it. So
/// neither is anything ever taken twice nor a rollover count lost, and the memory is bounded: past
/// kMaxKnownStreams a new SSRC is refused.
class InboundStreams {
 public:
  static constexpr std::size_t kMaxActiveStreams = 64;
  static constexpr std::size_t kMaxKnownStreams = 4096;
  static constexpr std::size_t kReplayWindow = 1024;  // packets; RFC 3711 §3.3.2 asks for 64

  struct Stream {
    std::uint64_t highest = 0;
    std::uint64_t last_used = 0;  // A count of packets, not a time.
    ReplayWindow<kReplayWindow> received;
  };

  /// What is known of an SSRC. Holds until the next call of note_authentic().
  struct Found {
    std::uint32_t ssrc = 0;
    std::optional<std::uint64_t> highest;  // Nothing for a new SSRC.
    Stream* active = nullptr;              // Null for a new one and for one that rests.
  };
  enum class Verdict : std::uint8_t { Fresh, Replayed, TooOld, NoRoom };

  Found find(std::uint32_t ssrc);

  /// Whether a packet of this index may be taken, if it proves authentic.
  Verdict judge(const Found& found, std::uint64_t index) const;

  /// Notes an authentic packet that was judged fresh.
  void note_authentic(const Found& found, std::uint64_t index);

  std::size_t known_streams() const { return active_.size() + resting_.size(); }

 private:
  Stream& activate(const Found& found, std::uint64_t index);

  // One after the other, so that a search reads few cache lines; active_[i] has active_ssrcs_[i].
  std::vector<std::uint32_t> active_ssrcs_;
  std::vector<Stream> active_;
  std::size_t last_found_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> resting_;  // SSRC to highest index
  std::uint64_t uses_ = 0;
};

}  // namespace sfu::srtp

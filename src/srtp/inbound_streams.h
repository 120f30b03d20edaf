#pragma once

#include <cstddef>
#include <cstdint>
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
    std::uint32_t ssrc = 0;
    std::uint64_t highest = 0;
    std::uint64_t last_used = 0;
    ReplayWindow<kReplayWindow> received;
  };

  /// The stream of an SSRC that proved authentic before; nullptr for a new one. The pointer holds
  /// until the next call of note_authentic().
  Stream* find(std::uint32_t ssrc);

  /// Whether one more SSRC can be taken.
  bool has_room() const { return active_.size() + resting_.size() < kMaxKnownStreams; }

  /// Notes an authentic packet; `stream` is what find() answered for its SSRC before.
  void note_authentic(Stream* stream, std::uint32_t ssrc, std::uint64_t index);

  std::size_t known_streams() const { return active_.size() + resting_.size(); }

 private:
  Stream& activate(std::uint32_t ssrc);

  std::vector<Stream> active_;
  std::size_t last_found_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> resting_;  // SSRC to highest index
  std::uint64_t uses_ = 0;
};

}  // namespace sfu::srtp

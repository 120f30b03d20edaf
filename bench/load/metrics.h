#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "load/histogram.h"

namespace sfu::load {

/// What a join is made of, each as long as the server took, seen from here.
enum class JoinStep : std::uint8_t {
  Signaling,        // TCP's first packet to Socket.IO's CONNECT answered.
  JoinRoom,         // join-room to its reply; so are the next four.
  CreateTransport,  //
  Connect,          //
  Capabilities,     //
  Produce,          //
  Check,            // An ICE check to its answer.
  Dtls,             // Each flight of ours to the first datagram of its answer, summed.
  FirstMedia,       // The first resume-consumer to the first media packet of that consumer.
  ServerTime,       // The sum of a viewer's, without Signaling.
};
inline constexpr std::size_t kJoinSteps = 10;
std::string_view to_string(JoinStep step);

/// What all participants of a run write down.
struct Metrics {
  /// An answer that takes longer is counted as slow.
  static constexpr Nanoseconds kSlowAnswer = std::chrono::milliseconds(200);

  Histogram latency;         // Of packets sent within the window, in order.
  Histogram delta_latency;   // Of those, the ones of delta frames.
  Histogram recent_latency;  // Since the last progress line.
  Histogram read_delay;      // From a packet's arrival in its socket to its reading here.
  std::array<Histogram, kJoinSteps> join;
  Histogram first_packet;     // From join-room to the viewer's first packet.
  Histogram first_key_frame;  // From join-room to the viewer's first complete key frame.
  Histogram answers;          // Of every request.
  std::uint64_t slow_answers = 0;
  std::uint64_t verified = 0;           // Packets, over all viewers and the whole run.
  std::uint64_t unknown_streams = 0;    // Packets of SSRCs that nobody announced.
  std::uint64_t probation_packets = 0;  // Of the SSRC that mediasoup probes with.
  std::uint64_t feedback_sent = 0;
  std::uint64_t nacks_sent = 0;
  std::uint64_t nacks_received = 0;
  std::uint64_t key_frame_requests = 0;
  std::uint64_t retransmitted = 0;

  void add_answer(Nanoseconds time) {
    answers.add(time);
    if (time > kSlowAnswer) ++slow_answers;
  }
  void add_step(JoinStep step, Nanoseconds time) { join[static_cast<std::size_t>(step)].add(time); }
};

}  // namespace sfu::load

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bench/counts/peer.h"
#include "bwe/arrival_recorder.h"
#include "rtp/packet_view.h"

namespace sfu::counts {

/// Receives streams, with transport-wide feedback every 50 ms and receiver reports every second.
/// It looks at the clear headers of all packets; one that verifies decrypts them too.
class Viewer final : public Peer {
 public:
  struct Options {
    std::size_t number = 0;
    std::uint8_t transport_cc_id = 0;
    bool verifies = false;
  };
  /// One decrypted packet's payload.
  using Payload = std::function<void(VirtualTime, Bytes)>;

  Viewer(Surroundings surroundings, const Endpoint& local, sim::PeerChannel::Remote remote,
         Options options, Payload payload);

  void start_reports(VirtualTime first);
  void handle_datagram(VirtualTime now, Bytes datagram) override;

  std::uint64_t packets() const { return packets_; }
  /// Sequence numbers that did not follow their predecessors, and packets that did not decrypt.
  std::uint64_t faults() const { return faults_; }

 private:
  void handle_encrypted(VirtualTime now, Bytes datagram);
  void handle_media(VirtualTime now, const rtp::PacketView& packet);
  void plan_feedback(VirtualTime now);
  void send_report(VirtualTime now);

  const Options options_;
  const Payload payload_;
  bwe::ArrivalRecorder arrivals_;
  bool feedback_planned_ = false;
  std::unordered_map<Ssrc, std::uint16_t> newest_;
  std::vector<Ssrc> ssrcs_;
  std::uint64_t packets_ = 0;
  std::uint64_t faults_ = 0;
};

}  // namespace sfu::counts

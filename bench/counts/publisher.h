#pragma once

#include <cstdint>
#include <vector>

#include "bench/counts/load.h"
#include "bench/counts/peer.h"
#include "rtp/header_extensions.h"

namespace sfu::counts {

/// Sends one stream in the shape of its load: the packets of a frame back to back and of about one
/// size, as a browser sends them, a key frame where one is asked for, sender reports.
class Publisher final : public Peer {
 public:
  struct Stream {
    Ssrc ssrc;
    std::uint8_t payload_type = 0;
    rtp::ExtensionMap extensions;
    std::uint8_t number = 0;
  };

  Publisher(Surroundings surroundings, const Endpoint& local, sim::PeerChannel::Remote remote,
            const Load& load, Stream stream)
      : Peer(surroundings, local, std::move(remote), 1'000 + stream.number),
        load_(load),
        stream_(std::move(stream)) {}

  void start(VirtualTime first_frame);
  void handle_datagram(VirtualTime now, Bytes datagram) override;

  /// When this part of a frame reached the server.
  VirtualTime arrival_of(std::uint32_t frame, std::uint16_t part) const {
    return first_frame_ + frame * load_.frame_interval + part * kPacketSpacing;
  }
  std::uint64_t packets_sent() const { return packets_sent_; }

 private:
  /// Between the packets of a frame, as captured from Chromium.
  static constexpr VirtualTime kPacketSpacing{20'000};

  void send_frame(VirtualTime now);
  void send_part(bool is_key, std::uint16_t part, std::uint16_t parts);
  void send_report(VirtualTime now);
  std::uint32_t rtp_time(VirtualTime now) const;

  const Load& load_;
  const Stream stream_;
  VirtualTime first_frame_{};
  std::uint32_t frame_ = 0;
  bool key_frame_wanted_ = true;
  std::uint16_t sequence_number_ = 1000;
  std::uint16_t transport_number_ = 0;
  std::uint32_t packets_sent_ = 0;
};

}  // namespace sfu::counts

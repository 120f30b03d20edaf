#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/datagram_sink.h"
#include "base/endpoint.h"
#include "base/packet_buffer.h"
#include "media/outgoing_packet.h"
#include "srtp/seal_job.h"

namespace sfu::transport {

/// One packet of a flush, and the RTP padding that makes it as long as its neighbours.
struct PlacedPacket {
  media::OutgoingPacket* packet;
  std::uint8_t padding = 0;
};

/// Lays the datagrams of one flush into a sink: neighbours of one path and size are committed as
/// one group, and what has to be encrypted is, in bursts over all receivers, before the sink sends.
class FlushWriter {
 public:
  struct Counters {
    std::uint64_t media_packets = 0;
    std::uint64_t padding_bytes = 0;  // Added so that packets leave in fewer calls.
  };

  /// `sink` outlives the flush, which ends with finish().
  void begin(DatagramSink& sink);
  void finish();

  /// Room for `size` bytes, at most DatagramSink::kMinRoom. The next datagrams of that size in
  /// total follow one another without a send between them.
  MutableBytes reserve(std::size_t size);
  /// The first `size` bytes of the room are a finished datagram.
  void add(const Path& path, std::size_t size);
  /// The first bytes of the room are what `job` makes of them later. Until then `payload` is kept.
  void add(const Path& path, const srtp::SealJob& job, PacketBuffer&& payload);

  const Counters& counters() const { return counters_; }

  /// For the arrangement of one transport's packets.
  std::vector<PlacedPacket>& scratch() { return scratch_; }

 private:
  /// Enough to fill the lanes of a cipher and of a hash; more would leave the nearest cache.
  static constexpr std::size_t kBurst = 32;

  /// Datagrams of one path that follow one another: all as long as the first but the last.
  struct Run {
    Path path;
    std::size_t size = 0;
    std::size_t datagram_size = 0;
    bool is_closed = false;  // Its last one is shorter.
  };

  void commit_run();
  void seal();

  DatagramSink* sink_ = nullptr;
  MutableBytes room_;
  Run run_;
  std::array<srtp::SealJob, kBurst> jobs_;
  std::array<PacketBuffer, kBurst> payloads_;
  std::size_t job_count_ = 0;
  std::vector<PlacedPacket> scratch_;
  Counters counters_;
};

}  // namespace sfu::transport

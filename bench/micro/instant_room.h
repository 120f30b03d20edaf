#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/datagram_sink.h"
#include "base/units.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "sim/network.h"
#include "sim/peer_channel.h"
#include "sim/seeded_openssl_random.h"

namespace sfu::micro {

/// A worker's core with one video publisher and many viewers whose handshakes are over, and no
/// network: what the publisher sends is handed to the core, what the core sends is counted.
class InstantRoom final {
 public:
  explicit InstantRoom(std::size_t viewers);
  ~InstantRoom();

  /// The publisher's next frame, encrypted. The first is a key frame.
  void make_frame(std::size_t packets);
  /// Hands that frame to the core and flushes: what a benchmark times. Returns how many datagrams
  /// left.
  std::size_t forward_frame();

 private:
  class Pipe;
  class Keeper;
  class FlushSink;
  struct Client {
    TransportId transport;
    std::unique_ptr<sim::PeerChannel> channel;
  };

  core::ReplyValue request(core::Command command);
  Client open_client(std::uint32_t number);
  void connect();
  void exchange();
  void produce();
  void view(const Client& viewer);

  const sim::SeededOpensslRandom openssl_random_;
  crypto::SeededRandom random_;
  const crypto::Certificate server_certificate_;
  const crypto::Certificate client_certificate_;
  const dtls::Context client_context_;
  Timestamp now_{std::chrono::seconds(1000)};
  core::WorkerCore core_;
  const RouterId room_;
  ortc::SsrcAllocator ssrcs_{random_};
  std::vector<Client> clients_;  // The publisher first.
  ortc::ProducerParameters produced_;
  ProducerId producer_;
  std::uint64_t next_request_ = 1;

  std::uint16_t sequence_number_ = 1000;
  std::uint32_t frame_ = 0;
  std::vector<PacketBuffer> frame_packets_;
  const std::unique_ptr<FlushSink> sink_;
};

}  // namespace sfu::micro

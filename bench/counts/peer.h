#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "bench/counts/agenda.h"
#include "bench/counts/virtual_kernel.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "sim/network.h"
#include "sim/peer_channel.h"

namespace sfu::counts {

/// The virtual network as its clients see it.
struct Surroundings {
  Agenda& agenda;
  VirtualKernel& kernel;
  const dtls::Context& context;
};

/// A client's end of one transport: ICE, DTLS and SRTP with their timers.
class Peer : private sim::Outbox {
 public:
  Peer(Surroundings surroundings, const Endpoint& local, sim::PeerChannel::Remote remote,
       std::uint64_t seed);
  virtual ~Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void connect(VirtualTime now);
  bool connected() const { return channel_.connected(); }
  /// A datagram from the server.
  virtual void handle_datagram(VirtualTime now, Bytes datagram) = 0;

 protected:
  Agenda& agenda() { return surroundings_.agenda; }
  std::optional<sim::PeerChannel::Plain> open(VirtualTime now, Bytes datagram);
  void send_rtcp(VirtualTime now, Bytes compound);
  /// Reaches the server at `arrival`.
  void send_rtp(VirtualTime arrival, Bytes packet);

 private:
  static constexpr VirtualTime kNetworkDelay{20'000};

  void send(const Path& path, Bytes datagram) override;
  void flush(VirtualTime arrival);
  void plan_timeout(VirtualTime now);

  const Surroundings surroundings_;
  crypto::SeededRandom random_;
  sim::PeerChannel channel_;
  VirtualTime arrival_{};
  VirtualTime planned_ = VirtualTime::max();
};

}  // namespace sfu::counts

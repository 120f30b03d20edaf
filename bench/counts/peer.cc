#include "bench/counts/peer.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sfu::counts {

Peer::Peer(Surroundings surroundings, const Endpoint& local, sim::PeerChannel::Remote remote,
           std::uint64_t seed)
    : surroundings_(surroundings),
      random_(seed),
      channel_(surroundings.context, local, std::move(remote), random_) {}

void Peer::connect(VirtualTime now) {
  channel_.start(to_timestamp(now));
  flush(now + kNetworkDelay);
  plan_timeout(now);
}

std::optional<sim::PeerChannel::Plain> Peer::open(VirtualTime now, Bytes datagram) {
  const Path path{channel_.local(), channel_.remote().server, IpProtocol::Udp};
  auto plain = channel_.handle_datagram(to_timestamp(now), path, datagram);
  flush(now + kNetworkDelay);
  plan_timeout(now);
  return plain;
}

void Peer::send_rtcp(VirtualTime now, Bytes compound) {
  channel_.send_rtcp(compound);
  flush(now + kNetworkDelay);
}

void Peer::send_rtp(VirtualTime arrival, Bytes packet) {
  channel_.send_rtp(packet);
  flush(arrival);
}

void Peer::flush(VirtualTime arrival) {
  arrival_ = arrival;
  channel_.flush(*this);
}

void Peer::send(const Path& path, Bytes datagram) {
  const Path at_server{path.remote, path.local, path.protocol};
  agenda().at(arrival_,
              [this, at_server, bytes = std::vector(datagram.begin(), datagram.end())](
                  VirtualTime now) { surroundings_.kernel.arrive(now, at_server, bytes); });
}

void Peer::plan_timeout(VirtualTime now) {
  const Timestamp deadline = channel_.next_timeout();
  if (deadline == Timestamp::max()) return;
  // A microsecond later: the channel's time has no nanoseconds.
  const VirtualTime due = std::max(
      now, VirtualTime(deadline - to_timestamp(VirtualTime{})) + std::chrono::microseconds(1));
  if (due >= planned_) return;
  planned_ = due;
  agenda().at(due, [this, due](VirtualTime at) {
    if (due != planned_) return;  // An earlier one came between.
    planned_ = VirtualTime::max();
    channel_.handle_timeout(to_timestamp(at));
    flush(at + kNetworkDelay);
    plan_timeout(at);
  });
}

}  // namespace sfu::counts

#include "sim/network.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/check.h"

namespace sfu::sim {

class Network::Collector final : public Outbox {
 public:
  explicit Collector(Network& network) : network_(network) {}
  void send(const Path& path, Bytes datagram) override { network_.put_on_wire(path, datagram); }

 private:
  Network& network_;
};

void Network::attach(const IpAddress& address, Host& host) { hosts_[address] = &host; }

void Network::detach(const IpAddress& address) { hosts_.erase(address); }

void Network::set_link(const IpAddress& from, const IpAddress& to, const Link& link) {
  links_[{from, to}] = link;
}

void Network::run_for(TimeDelta span) {
  const Timestamp end = now_ + span;
  for (const auto& [address, host] : hosts_) collect(*host);
  for (Timestamp next = next_event(); next <= end; next = next_event()) step(std::max(now_, next));
  now_ = end;
}

Timestamp Network::next_event() const {
  Timestamp next = in_flight_.empty() ? Timestamp::max() : in_flight_.begin()->first;
  for (const auto& [address, host] : hosts_) next = std::min(next, host->next_timeout());
  return next;
}

/// Delivers all that is due as one batch to each host, as a loop that wakes finds it.
void Network::step(Timestamp now) {
  now_ = now;
  std::set<IpAddress> touched;
  while (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
    const InFlight arriving = std::move(in_flight_.extract(in_flight_.begin()).mapped());
    const auto found = hosts_.find(arriving.path.local.ip);
    if (found == hosts_.end()) continue;
    ++delivered_;
    add_to_digest(arriving.path, arriving.datagram);
    if (tap_) tap_(now_, arriving.path, arriving.datagram);
    found->second->handle_datagram(now_, arriving.path, arriving.datagram);
    touched.insert(found->first);
  }
  for (const auto& [address, host] : hosts_) {
    if (host->next_timeout() > now_) continue;
    host->handle_timeout(now_);
    touched.insert(address);
  }
  for (const IpAddress& address : touched) {
    if (const auto found = hosts_.find(address); found != hosts_.end()) {
      collect(*found->second);
      SFU_CHECK(found->second->next_timeout() > now_ && "a handled timeout must move on");
    }
  }
}

void Network::collect(Host& host) {
  Collector collector(*this);
  host.flush(now_, collector);
}

void Network::put_on_wire(const Path& path, Bytes datagram) {
  const Link& link = link_between(path.local.ip, path.remote.ip);
  const int copies = std::bernoulli_distribution(link.duplication)(random_) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (is_lost(path, link)) {
      ++lost_;
      continue;
    }
    const TimeDelta extra(
        std::uniform_int_distribution<TimeDelta::rep>(0, link.jitter.count())(random_));
    in_flight_.emplace(now_ + link.delay + extra, InFlight{{path.remote, path.local, path.protocol},
                                                           {datagram.begin(), datagram.end()}});
  }
}

/// A burst begins so often that `loss` comes out as the share of all.
bool Network::is_lost(const Path& path, const Link& link) {
  const auto chance = [&](double p) { return std::bernoulli_distribution(p)(random_); };
  if (link.burst <= 1.0 || link.loss >= 1.0) return chance(link.loss);
  bool& in_burst = in_burst_[{path.local.ip, path.remote.ip}];
  const double leave = 1.0 / link.burst;
  const double enter = leave * link.loss / (1.0 - link.loss);
  in_burst = in_burst ? !chance(leave) : chance(std::min(enter, 1.0));
  return in_burst;
}

/// FNV-1a.
void Network::add_to_digest(const Path& path, Bytes datagram) {
  const auto add = [&](Bytes bytes) {
    for (const std::uint8_t byte : bytes) digest_ = (digest_ ^ byte) * 0x100000001b3;
  };
  const auto add_number = [&](std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
      add(std::array{static_cast<std::uint8_t>(number >> shift)});
  };
  add_number(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  for (const Endpoint& end : {path.local, path.remote}) {
    add(end.ip.bytes());
    add_number(end.port);
  }
  add(datagram);
}

const Link& Network::link_between(const IpAddress& from, const IpAddress& to) const {
  const auto found = links_.find({from, to});
  return found == links_.end() ? default_link : found->second;
}

}  // namespace sfu::sim

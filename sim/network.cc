#include "sim/network.h"

#include <algorithm>
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
    if (std::bernoulli_distribution(link.loss)(random_)) {
      ++lost_;
      continue;
    }
    const TimeDelta extra(
        std::uniform_int_distribution<TimeDelta::rep>(0, link.jitter.count())(random_));
    in_flight_.emplace(now_ + link.delay + extra, InFlight{{path.remote, path.local, path.protocol},
                                                           {datagram.begin(), datagram.end()}});
  }
}

const Link& Network::link_between(const IpAddress& from, const IpAddress& to) const {
  const auto found = links_.find({from, to});
  return found == links_.end() ? default_link : found->second;
}

}  // namespace sfu::sim

#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/units.h"

namespace sfu::sim {

/// What a host wants to put on the wire.
class Outbox {
 public:
  virtual void send(const Path& path, Bytes datagram) = 0;

 protected:
  ~Outbox() = default;
};

/// One machine of the virtual network. After each batch of handle_*() calls its flush() is called.
class Host {
 public:
  virtual ~Host() = default;
  /// `path` is as the host sees it: local is its own side.
  virtual void handle_datagram(Timestamp now, const Path& path, Bytes datagram) = 0;
  virtual void handle_timeout(Timestamp now) = 0;
  virtual void flush(Timestamp now, Outbox& outbox) = 0;
  virtual Timestamp next_timeout() const = 0;  // Timestamp::max() for never.
};

/// What one direction between two machines does to datagrams.
struct Link {
  TimeDelta delay = std::chrono::milliseconds(20);
  TimeDelta jitter{};        // Up to this much more, each datagram its own: reorders what is close.
  double loss = 0.0;         // Share of datagrams, 0 to 1.
  double duplication = 0.0;  // Share that arrives twice.
};

/// A virtual network and clock. The same seed replays the same run exactly.
class Network {
 public:
  explicit Network(std::uint64_t seed) : random_(seed) {}

  /// The host must outlive the network. Ports are all its own.
  void attach(const IpAddress& address, Host& host);
  void detach(const IpAddress& address);

  /// For all datagrams without a link of their own.
  Link default_link;
  /// Change it in mid-run to cut or heal the network.
  void set_link(const IpAddress& from, const IpAddress& to, const Link& link);

  Timestamp now() const { return now_; }
  void run_for(TimeDelta span);

  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t lost() const { return lost_; }

 private:
  class Collector;
  struct InFlight {
    Path path;  // As the receiver sees it.
    std::vector<std::uint8_t> datagram;
  };

  Timestamp next_event() const;
  void step(Timestamp now);
  void collect(Host& host);
  void put_on_wire(const Path& path, Bytes datagram);
  const Link& link_between(const IpAddress& from, const IpAddress& to) const;

  std::mt19937_64 random_;
  Timestamp now_{std::chrono::seconds(1000)};  // Far from zero, as on a machine that runs.
  std::map<IpAddress, Host*> hosts_;           // Ordered, so that runs replay.
  std::map<std::pair<IpAddress, IpAddress>, Link> links_;
  std::multimap<Timestamp, InFlight> in_flight_;
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sfu::sim

#pragma once

#include <cstdint>
#include <functional>
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
  double burst = 1.0;        // Datagrams lost in a row, on average (Gilbert's two states).
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

  /// Puts a datagram on the wire that no host sent. `path` is as its sender would see it, so any
  /// address can be forged.
  void inject(const Path& path, Bytes datagram) { put_on_wire(path, datagram); }
  /// Sees each datagram as it arrives; `path` is the receiver's.
  void set_tap(std::function<void(Timestamp, const Path&, Bytes)> tap) { tap_ = std::move(tap); }

  Timestamp now() const { return now_; }
  void run_for(TimeDelta span);

  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t lost() const { return lost_; }
  /// Of all that arrived so far: when, where, and each byte.
  std::uint64_t traffic_digest() const { return digest_; }

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
  bool is_lost(const Path& path, const Link& link);
  void add_to_digest(const Path& path, Bytes datagram);

  std::mt19937_64 random_;
  Timestamp now_{std::chrono::seconds(1000)};  // Far from zero, as on a machine that runs.
  std::map<IpAddress, Host*> hosts_;           // Ordered, so that runs replay.
  std::map<std::pair<IpAddress, IpAddress>, Link> links_;
  std::map<std::pair<IpAddress, IpAddress>, bool> in_burst_;
  std::multimap<Timestamp, InFlight> in_flight_;
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325;
  std::function<void(Timestamp, const Path&, Bytes)> tap_;
};

}  // namespace sfu::sim

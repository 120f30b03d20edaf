#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace sfu::endurance {

/// What a client takes for one of its ports: a socket of this machine, which waits for nothing.
class Carrier {
 public:
  using Visit = std::function<void(MutableBytes datagram)>;

  /// What cannot be opened is broken from its start.
  static std::unique_ptr<Carrier> open(IpProtocol protocol, const Endpoint& server);

  virtual ~Carrier() = default;
  /// What the kernel does not take is lost, as on a network.
  virtual void send(Bytes datagram) = 0;
  /// All that has arrived.
  virtual void receive(const Visit& visit) = 0;
  /// Nothing will go through it any more.
  virtual bool broken() const = 0;
};

}  // namespace sfu::endurance

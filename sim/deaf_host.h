#pragma once

#include "sim/network.h"

namespace sfu::sim {

/// A machine that takes everything and says nothing. What goes to an address without a machine is
/// gone before the network's tap: whoever looks for answers there needs one of these.
class DeafHost final : public Host {
 public:
  void handle_datagram(Timestamp, const Path&, Bytes) override {}
  void handle_timeout(Timestamp) override {}
  void flush(Timestamp, Outbox&) override {}
  Timestamp next_timeout() const override { return Timestamp::max(); }
};

}  // namespace sfu::sim

#pragma once

#include <string>

#include "base/units.h"

namespace sfu::server {

/// Tells the service manager how it goes with the process (sd_notify(3)): a datagram for each
/// change to the socket that $NOTIFY_SOCKET names. Where there is none, or nobody reads it, nothing
/// happens.
class ServiceNotice {
 public:
  /// `address`: a path, or "@" and an abstract name; empty for none.
  explicit ServiceNotice(std::string address) : address_(std::move(address)) {}

  void ready() const { send("READY=1"); }
  void alive() const { send("WATCHDOG=1"); }
  /// The process is about to end, which takes so long at most.
  void stopping(TimeDelta longest) const;

 private:
  void send(const std::string& state) const;

  const std::string address_;
};

}  // namespace sfu::server

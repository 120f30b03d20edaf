#pragma once

#include <cstdint>

#include "base/units.h"
#include "media/outgoing_packet.h"
#include "media/received_packet.h"

namespace sfu::media {

class Source;

/// One who takes a producer's packets: a consumer, or a link to another worker. It leaves its
/// source when it is destroyed, and is told when the source goes first.
class Subscriber {
 public:
  Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// source() is there from now on.
  virtual void handle_subscribed(Timestamp now) = 0;
  /// Each packet of the source, in the order of arrival, late ones included. `sink` is the one that
  /// was given at subscribe(). It must not subscribe or unsubscribe anyone.
  virtual void handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) = 0;
  virtual void handle_source_paused(Timestamp now, bool paused) = 0;
  /// The score of one of its streams is another one.
  virtual void handle_source_score(Timestamp now) = 0;
  /// source() is null from now on.
  virtual void handle_source_closed() = 0;

  Source* source() const { return source_; }

 protected:
  ~Subscriber();

 private:
  friend class Source;
  Source* source_ = nullptr;
  std::uint32_t place_ = 0;  // Among the source's subscriptions.
};

}  // namespace sfu::media

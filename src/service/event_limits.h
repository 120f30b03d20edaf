#pragma once

#include <cstdint>
#include <string_view>

#include "base/token_bucket.h"
#include "base/units.h"

namespace sfu::service {

/// How often clients may do what. The defaults leave room for a page that enters a meeting of a
/// hundred and starts all it sees at once, for an office behind one address, and for a client that
/// makes a mistake a few hundred times.
struct Rates {
  Rate connections{200, 2000};     ///< Of one address.
  Rate failed_logins{2, 300};      ///< Of one address: tokens that are not good.
  Rate joins{10, 200};             ///< Of one user, over all of the user's connections.
  Rate events{200, 1000};          ///< Of one connection: all but ICE candidates.
  Rate heavy_events{50, 500};      ///< Of them, those that are EventClass::Heavy.
  Rate ice_candidates{200, 2000};  ///< Of one connection, relayed to others.
  Rate peer_bytes{4e6, 4e7};       ///< Sent to others because of one user, peer to peer.
};

enum class EventClass : std::uint8_t {
  Light,
  Heavy,         // Makes workers make something, or a whole room hear of it.
  IceCandidate,  // Comes in bursts, one for each way to each of the others.
};
EventClass event_class(std::string_view event);

/// What one connection may still send.
class EventBuckets {
 public:
  EventBuckets(const Rates& rates, Timestamp now)
      : events_(rates.events, now),
        heavy_(rates.heavy_events, now),
        ice_candidates_(rates.ice_candidates, now) {}

  /// An event comes. False where there have been too many.
  bool take(EventClass event, Timestamp now) {
    return event == EventClass::IceCandidate ? ice_candidates_.take(now) : events_.take(now);
  }
  /// A heavy one is about to be carried out.
  bool take_heavy(Timestamp now) { return heavy_.take(now); }
  /// It was refused for its shape, which cost nothing.
  void give_back_heavy() { heavy_.give_back(); }

 private:
  TokenBucket events_;
  TokenBucket heavy_;
  TokenBucket ice_candidates_;
};

}  // namespace sfu::service

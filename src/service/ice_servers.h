#pragma once

#include <boost/json/array.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "service/ice_server.h"
#include "signaling/auth/jwt.h"

namespace sfu::service {

/// What clients are told of STUN and TURN servers beside this one.
struct IceServers {
  std::vector<IceServer> servers;
  /// Shared with the TURN server. Empty: it wants no time-limited credentials.
  std::string turn_secret;
  std::chrono::seconds turn_ttl = std::chrono::hours(12);

  /// As in RTCConfiguration.iceServers. A TURN server without a name of its own gets credentials
  /// that are good from `now` for turn_ttl (draft-uberti-behave-turn-rest-00 §2.2): the name is
  /// "expiry:user", the password the HMAC-SHA1 of the name in base64.
  boost::json::array for_user(std::string_view user_id, signaling::auth::UnixSeconds now) const;
};

}  // namespace sfu::service

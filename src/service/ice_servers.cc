#include "service/ice_servers.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "crypto/hmac.h"
#include "signaling/base64.h"

namespace sfu::service {
namespace {

namespace json = boost::json;

/// A name that both ends are sure to write in the same bytes (RFC 8489 §14.3 has OpaqueString).
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

json::array IceServers::for_user(std::string_view user_id, signaling::auth::UnixSeconds now) const {
  std::string name = std::to_string((now + turn_ttl).count());
  if (is_plain(user_id)) name.append(":").append(user_id);

  json::array list;
  for (const IceServer& server : servers) {
    json::object entry{{"urls", json::array(server.urls.begin(), server.urls.end())}};
    if (!server.username.empty()) {
      entry["username"] = server.username;
      entry["credential"] = server.credential;
    } else if (server.relays() && !turn_secret.empty()) {
      entry["username"] = name;
      entry["credential"] = signaling::base64_encode(
          crypto::hmac_sha1(as_bytes(turn_secret), std::array{as_bytes(name)}));
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace sfu::service

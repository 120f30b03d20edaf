#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/ice_server.h"

namespace sfu::server {

inline constexpr std::size_t kMaxIceServers = 16;
inline constexpr std::size_t kMaxUrlsOfIceServer = 16;

/// Reads the value of ICE_SERVERS: URLs split at commas, or a JSON list of URLs and of objects as
/// in RTCConfiguration.iceServers; or what is wrong with it, which never shows a credential.
Result<std::vector<service::IceServer>, std::string> parse_ice_servers(std::string_view text);

}  // namespace sfu::server

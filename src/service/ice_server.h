#pragma once

#include <string>
#include <vector>

namespace sfu::service {

/// A STUN or TURN server as in RTCConfiguration.iceServers.
struct IceServer {
  std::vector<std::string> urls;
  std::string username;  // Empty: none, or a time-limited one for each client.
  std::string credential;

  /// Whether a URL is of a TURN server (RFC 7065), which demands credentials.
  bool relays() const {
    for (const std::string& url : urls)
      if (url.starts_with("turn")) return true;
    return false;
  }

  friend bool operator==(const IceServer&, const IceServer&) = default;
};

}  // namespace sfu::service

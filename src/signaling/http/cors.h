#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"

namespace sfu::signaling {

/// Which origins browsers may call from (the Fetch standard, "HTTP extensions").
class CorsPolicy {
 public:
  /// Origins as "https://meet.example"; "*" stands for any.
  explicit CorsPolicy(std::vector<std::string> origins);
  /// A list split at commas, blanks around the parts ignored.
  static std::vector<std::string> split(std::string_view list);

  /// The headers that every answer to `request` carries.
  HttpHeaders headers(const HttpRequest& request) const;
  /// The answer to a preflight (OPTIONS), without headers().
  HttpResponse preflight(const HttpRequest& request) const;
  /// Whether a WebSocket may be opened: browsers do not apply CORS to it (RFC 6455 §10.2), so the
  /// Origin, where there is one, must be an allowed one or the request's own host.
  bool allows_websocket(const HttpRequest& request) const;

 private:
  bool lists(std::string_view origin) const;

  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace sfu::signaling

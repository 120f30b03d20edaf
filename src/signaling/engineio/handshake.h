#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "signaling/options.h"

namespace sfu::signaling::engineio {

/// The refusals of the reference server, by its codes.
enum class Refusal : int {
  UnknownTransport = 0,
  UnknownSid = 1,
  BadHandshakeMethod = 2,
  BadRequest = 3,
  UnsupportedProtocol = 5,
};

/// A 400 with the code and its text: {"code":1,"message":"Session ID unknown"}.
HttpResponse refusal(Refusal reason);

/// What of a request's headers is kept for the life of its session.
HttpHeaders kept_headers(const HttpRequest& request);

/// The data of the packet that opens a session.
std::string open_packet(std::string_view sid, bool may_upgrade, const Options& options);

}  // namespace sfu::signaling::engineio

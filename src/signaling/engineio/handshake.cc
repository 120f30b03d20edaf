#include "signaling/engineio/handshake.h"

#include <algorithm>
#include <array>

namespace sfu::signaling::engineio {

namespace {

std::string_view text(Refusal refusal) {
  switch (refusal) {
    case Refusal::UnknownTransport: return "Transport unknown";
    case Refusal::UnknownSid: return "Session ID unknown";
    case Refusal::BadHandshakeMethod: return "Bad handshake method";
    case Refusal::BadRequest: return "Bad request";
    case Refusal::UnsupportedProtocol: return "Unsupported protocol version";
  }
  return "";
}

}  // namespace

HttpResponse refusal(Refusal reason) {
  return {400,
          "application/json",
          "{\"code\":" + std::to_string(static_cast<int>(reason)) + ",\"message\":\"" +
              std::string(text(reason)) + "\"}",
          {}};
}

HttpHeaders kept_headers(const HttpRequest& request) {
  constexpr std::array<std::string_view, 5> kKept = {"origin", "user-agent", "authorization",
                                                     "x-forwarded-for", "x-forwarded-proto"};
  HttpHeaders kept;
  for (const auto& [name, value] : request.headers)
    if (std::ranges::any_of(kKept, [&](auto k) { return equal_ignoring_case(k, name); }))
      kept.emplace_back(name, value);
  return kept;
}

std::string open_packet(std::string_view sid, bool may_upgrade, const Options& options) {
  const auto ms = [](TimeDelta delta) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(delta).count());
  };
  return "{\"sid\":\"" + std::string(sid) +
         "\",\"upgrades\":" + (may_upgrade ? "[\"websocket\"]" : "[]") +
         ",\"pingInterval\":" + ms(options.ping_interval) +
         ",\"pingTimeout\":" + ms(options.ping_timeout) +
         ",\"maxPayload\":" + std::to_string(options.max_payload) + "}";
}

}  // namespace sfu::signaling::engineio

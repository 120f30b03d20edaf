#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/units.h"

namespace sfu {

/// The shell's names for what it carries: one request to be answered, one accepted WebSocket.
using HttpRequestId = StrongId<struct HttpRequestIdTag, std::uint64_t>;
using WebSocketId = StrongId<struct WebSocketIdTag, std::uint64_t>;

/// How a WebSocket ended: the peer closed it with 1001 (RFC 6455 §7.4.1), ended it in another way,
/// did not read what was waiting for it, broke the protocol's rules, or sent more than anybody has
/// room or time for.
enum class WebSocketEnd : std::uint8_t { GoingAway, Closed, TooSlow, BrokenFrames, TooMuch };

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

bool equal_ignoring_case(std::string_view a, std::string_view b);
/// The first header of that name (any case), or nothing.
std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name);
/// The first parameter of that name in a query string, decoded; nothing where it is absent.
std::optional<std::string> form_parameter(std::string_view query, std::string_view name);
/// `text` with %XX and '+' decoded; a malformed escape stands as it is.
std::string decode_form(std::string_view text);

/// A request as protocol code and route handlers see it, whatever library read it.
struct HttpRequest {
  std::string method;
  std::string path;   // of the target, as it came: not decoded
  std::string query;  // what follows '?', as it came
  HttpHeaders headers;
  std::string body;
  Endpoint remote;

  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
  std::optional<std::string> parameter(std::string_view name) const {
    return form_parameter(query, name);
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=UTF-8";
  std::string body;
  HttpHeaders headers;  // besides type and length
};

}  // namespace sfu

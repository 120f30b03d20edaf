#include "signaling/http/cors.h"

#include <algorithm>

namespace sfu::signaling {

namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Host and port as a Host header shows them; the scheme's own port is left out.
std::string_view authority(std::string_view host, bool https) {
  const std::string_view own_port = https ? ":443" : ":80";
  if (host.ends_with(own_port)) host.remove_suffix(own_port.size());
  return host;
}

}  // namespace

CorsPolicy::CorsPolicy(std::vector<std::string> origins) : origins_(std::move(origins)) {
  any_ = std::ranges::find(origins_, "*") != origins_.end();
}

std::vector<std::string> CorsPolicy::split(std::string_view list) {
  std::vector<std::string> origins;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    std::string_view origin = trim(part);
    if (origin.ends_with('/')) origin.remove_suffix(1);
    if (!origin.empty()) origins.emplace_back(origin);
  }
  return origins;
}

HttpHeaders CorsPolicy::headers(const HttpRequest& request) const {
  if (any_) return {{"Access-Control-Allow-Origin", "*"}};
  HttpHeaders headers{{"Vary", "Origin"}};
  auto origin = request.header("origin");
  if (!origin && origins_.size() == 1) origin = origins_.front();
  if (origin && lists(*origin)) {
    headers.emplace_back("Access-Control-Allow-Origin", *origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
  }
  return headers;
}

HttpResponse CorsPolicy::preflight(const HttpRequest& request) const {
  HttpResponse response{204, "", "", {{"Access-Control-Allow-Methods", "GET,HEAD,POST"}}};
  if (const auto asked = request.header("access-control-request-headers")) {
    response.headers.emplace_back("Access-Control-Allow-Headers", *asked);
    response.headers.emplace_back("Vary", "Access-Control-Request-Headers");
  }
  return response;
}

bool CorsPolicy::allows_websocket(const HttpRequest& request) const {
  const auto origin = request.header("origin");
  if (!origin || any_ || lists(*origin)) return true;
  const auto host = request.header("host");
  const std::size_t scheme = origin->find("://");
  if (!host || host->empty() || scheme == std::string_view::npos) return false;
  const bool https = equal_ignoring_case(origin->substr(0, scheme), "https");
  return equal_ignoring_case(authority(origin->substr(scheme + 3), https), authority(*host, https));
}

bool CorsPolicy::lists(std::string_view origin) const {
  return std::ranges::any_of(origins_,
                             [&](const auto& o) { return equal_ignoring_case(o, origin); });
}

}  // namespace sfu::signaling

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

/// The part of "https://meet.example:8443" that a Host header shows.
std::string_view host_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
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
  const auto origin = request.header("origin");
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
  return host && !host->empty() && equal_ignoring_case(host_of(*origin), *host);
}

bool CorsPolicy::lists(std::string_view origin) const {
  return std::ranges::any_of(origins_,
                             [&](const auto& o) { return equal_ignoring_case(o, origin); });
}

}  // namespace sfu::signaling

#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/http.h"
#include "fuzz/script.h"
#include "signaling/http/cors.h"
#include "signaling/http/static_files.h"

namespace {

using namespace sfu;
using fuzz::require;
using fuzz::Script;

void try_address(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) return;
  require(IpAddress::parse(address->to_string()) == address);
  require(!Endpoint{*address, 1}.to_string().empty());
}

void try_form(const std::string& text) {
  require(decode_form(text).size() <= text.size());
  const auto value = form_parameter(text, "sid");
  require(!value || value->size() <= text.size());
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void try_request(Script& script) {
  static const signaling::CorsPolicy policy({"https://meet.example", "http://localhost:5173"});
  static const signaling::StaticFiles files("/nonexistent");
  HttpRequest request;
  request.method = script.text(script.byte() % 8);
  request.path = "/" + script.sized_text();
  const std::string origin = script.sized_text();
  request.headers = {
      {"Origin", origin}, {"Host", script.sized_text()}, {"If-None-Match", script.sized_text()}};
  require(!files.find(request));
  policy.preflight(request);
  for (const auto& [name, value] : policy.headers(request))
    require(value.find('\n') == std::string::npos || origin.find('\n') != std::string::npos);
  if (policy.allows_websocket(request)) {
    // A port that the scheme implies may be named or not.
    std::string host = lower(request.headers[1].second);
    for (const std::string_view port : {":80", ":443"})
      if (host.ends_with(port)) host.resize(host.size() - port.size());
    const std::string from = lower(origin);
    require(from == "https://meet.example" || from == "http://localhost:5173" ||
            from.find("://" + host) != std::string::npos);
  }
}

}  // namespace

/// What comes as text around HTTP: addresses, forms, origins, paths. Properties: an address reads
/// as it writes itself, decoding never grows, no origin but the listed and the request's own host
/// opens a WebSocket, and no path finds a file in a folder that is not there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const std::string text = script.text(size);
  try_address(text);
  try_form(text);
  Script again(data, size);
  try_request(again);
  return 0;
}

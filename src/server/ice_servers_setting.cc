#include "server/ice_servers_setting.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/endpoint.h"
#include "server/setting_text.h"

namespace sfu::server {
namespace {

namespace json = boost::json;
using service::IceServer;

constexpr std::size_t kMaxUrlBytes = 300;
constexpr std::size_t kMaxCredentialBytes = 512;  // RFC 8489 §14.3: a USERNAME has fewer than 509.
constexpr std::string_view kAllowedUrl =
    " must be like stun:stun.example.org:3478, turn:turn.example.org or "
    "turns:turn.example.org:443?transport=tcp";

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

/// "host", "host:port", "[2001:db8::1]:port"
bool is_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    const auto address = IpAddress::parse(text.substr(1, close - 1));
    const auto rest = text.substr(close + 1);
    return address && (rest.empty() || (rest[0] == ':' && is_port(rest.substr(1))));
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return is_host(text);
  return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

/// RFC 7064 §3.1 and RFC 7065 §3.1.
bool is_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return false;
  const auto colon = text.find(':');
  const auto scheme = text.substr(0, colon);
  if (colon == std::string_view::npos) return false;
  const bool stun = scheme == "stun" || scheme == "stuns";
  const bool turn = scheme == "turn" || scheme == "turns";
  auto rest = text.substr(colon + 1);
  const auto query = rest.find('?');
  if (query != std::string_view::npos) {
    const auto value = rest.substr(query);
    if (!turn || (value != "?transport=udp" && value != "?transport=tcp")) return false;
    rest = rest.substr(0, query);
  }
  return (stun || turn) && is_authority(rest);
}

/// Reads one list; the first thing that is wrong ends it.
class Reader {
 public:
  Result<std::vector<IceServer>, std::string> read(const json::array& list) {
    if (list.size() > kMaxIceServers)
      wrong("", " must have at most " + std::to_string(kMaxIceServers) + " servers");
    std::vector<IceServer> servers;
    for (std::size_t i = 0; i < list.size() && !error_; ++i) {
      path_ = "[" + std::to_string(i) + "]";
      servers.push_back(read_server(list[i]));
    }
    if (error_) return fail(std::move(*error_));
    return servers;
  }

 private:
  IceServer read_server(const json::value& value) {
    IceServer server;
    const json::object* object = value.if_object();
    const json::value* urls = object ? object->if_contains("urls") : &value;
    if (!urls) {
      wrong("", " has no urls");
      return server;
    }
    if (const json::array* several = object ? urls->if_array() : nullptr) {
      if (several->empty() || several->size() > kMaxUrlsOfIceServer)
        wrong(".urls", " must have 1 to " + std::to_string(kMaxUrlsOfIceServer) + " elements");
      for (std::size_t i = 0; i < several->size(); ++i)
        read_url((*several)[i], ".urls[" + std::to_string(i) + "]", server);
    } else {
      read_url(*urls, object ? ".urls" : "", server);
    }
    if (object) {
      server.username = read_text(*object, "username");
      server.credential = read_text(*object, "credential");
    }
    if (server.username.empty() != server.credential.empty())
      wrong("", " must have both username and credential, or neither");
    return server;
  }

  void read_url(const json::value& value, const std::string& field, IceServer& server) {
    const json::string* text = value.if_string();
    if (text && is_url(*text))
      server.urls.emplace_back(*text);
    else
      wrong(field, std::string(kAllowedUrl));
  }

  std::string read_text(const json::object& object, const char* key) {
    const json::value* value = object.if_contains(key);
    if (!value || value->is_null()) return {};
    const json::string* text = value->if_string();
    if (text && !text->empty() && text->size() <= kMaxCredentialBytes) return std::string(*text);
    wrong(std::string(".") + key,
          " must be a text of 1 to " + std::to_string(kMaxCredentialBytes) + " bytes");
    return {};
  }

  void wrong(const std::string& field, const std::string& what) {
    if (!error_) error_ = path_ + field + what;
  }

  std::string path_;
  std::optional<std::string> error_;
};

}  // namespace

Result<std::vector<IceServer>, std::string> parse_ice_servers(std::string_view text) {
  if (!text.starts_with('[') && !text.starts_with('{')) {
    json::array urls;
    for (const std::string_view url : split_at_commas(text)) urls.emplace_back(url);
    return Reader().read(urls);
  }
  boost::system::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array())
    return fail(std::string(" must be URLs split at commas, or a JSON list"));
  return Reader().read(list.get_array());
}

}  // namespace sfu::server

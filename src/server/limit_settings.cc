#include "server/limit_settings.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "server/setting_text.h"

namespace sfu::server {
namespace {

constexpr std::size_t kMaxTrustedProxies = 256;
constexpr double kMaxRate = 1e6;
constexpr double kMaxByteRate = 1e9;
constexpr double kMinRate = 1e-3;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string whole_number(double number) {
  return std::to_string(static_cast<std::uint64_t>(number));
}

/// "100/1000": 100 each second, and 1000 at once.
void read_rate(SettingValues& values, const std::string& name, Rate& rate, double most = kMaxRate) {
  const auto text = values.find(name);
  if (!text) return;
  const std::string_view whole = *text;
  const auto slash = whole.find('/');
  const auto per_second = parse_number<double>(whole.substr(0, slash));
  const auto burst = slash == std::string_view::npos
                         ? std::nullopt
                         : parse_number<std::size_t>(whole.substr(slash + 1));
  const bool fits = per_second && burst && *per_second >= kMinRate && *per_second <= most &&
                    *burst >= 1 && static_cast<double>(*burst) <= most;
  if (fits)
    rate = {*per_second, static_cast<double>(*burst)};
  else
    values.refuse(name, *text,
                  "how many each second, 0.001 to " + whole_number(most) +
                      ", a slash, and how many at once, 1 to " + whole_number(most) +
                      ", like 0.5/20");
}

/// What one client says to another has to fit into what may wait for that one.
void check_queue(SettingValues& values, const LimitSettings& limits) {
  if (limits.max_queue_bytes >= limits.max_message_bytes) return;
  values.refuse(
      "MAX_QUEUE_BYTES", std::to_string(limits.max_queue_bytes),
      "no less than MAX_MESSAGE_BYTES, which is " + std::to_string(limits.max_message_bytes));
}

std::vector<AddressRange> read_proxies(SettingValues& values) {
  constexpr const char* kName = "TRUSTED_PROXIES";
  std::vector<AddressRange> proxies;
  const auto text = values.find(kName);
  if (!text) return proxies;
  for (const std::string_view part : split_at_commas(*text)) {
    if (const auto range = AddressRange::parse(part))
      proxies.push_back(*range);
    else
      values.refuse(kName, part,
                    "addresses of proxies and their networks, split at commas, like 10.0.0.5, "
                    "192.0.2.0/24 or 2001:db8::/32");
  }
  if (proxies.size() > kMaxTrustedProxies)
    values.refuse(kName, *text, "at most " + std::to_string(kMaxTrustedProxies) + " entries");
  return proxies;
}

}  // namespace

LimitSettings read_limit_settings(SettingValues& values) {
  LimitSettings limits;
  limits.trusted_proxies = read_proxies(values);
  values.read_switch("DISCONNECT_EXPIRED_TOKENS", limits.disconnect_expired);
  values.read_number("MAX_CONNECTIONS", 1, 1'000'000, limits.max_connections);
  values.read_number("MAX_CONNECTIONS_PER_ADDRESS", 1, 1'000'000,
                     limits.max_connections_per_address);
  values.read_number("MAX_ROOMS", 1, 1'000'000, limits.max_rooms);
  values.read_number("MAX_PARTICIPANTS_PER_ROOM", 1, 100'000, limits.max_participants_per_room);
  values.read_number("MAX_PEERS_PER_ROOM", 2, 1'000, limits.max_peers_per_room);
  values.read_number("MAX_MESSAGE_BYTES", 10'000, 100'000'000, limits.max_message_bytes);
  values.read_number("MAX_JSON_DEPTH", 8, 64, limits.max_json_depth);
  values.read_number("MAX_QUEUE_BYTES", 100'000, 1'000'000'000, limits.max_queue_bytes);
  check_queue(values, limits);
  values.read_number("MAX_QUEUE_SECONDS", 1, 600, limits.max_queue_seconds);
  values.read_number("HEADER_TIMEOUT", 1, 600, limits.header_seconds);
  values.read_number("BODY_TIMEOUT", 1, 600, limits.body_seconds);
  values.read_number("CONNECT_TIMEOUT", 1, 600, limits.connect_seconds);
  read_rate(values, "RATE_CONNECTIONS", limits.rates.connections);
  read_rate(values, "RATE_FAILED_LOGINS", limits.rates.failed_logins);
  read_rate(values, "RATE_JOINS", limits.rates.joins);
  read_rate(values, "RATE_EVENTS", limits.rates.events);
  read_rate(values, "RATE_HEAVY_EVENTS", limits.rates.heavy_events);
  read_rate(values, "RATE_ICE_CANDIDATES", limits.rates.ice_candidates);
  read_rate(values, "RATE_ADDRESS_BYTES", limits.address_bytes, kMaxByteRate);
  read_rate(values, "RATE_PEER_BYTES", limits.rates.peer_bytes, kMaxByteRate);
  return limits;
}

}  // namespace sfu::server

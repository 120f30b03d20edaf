#include "server/limit_settings.h"

#include <charconv>
#include <cmath>

namespace sfu::server {
namespace {

constexpr std::size_t kMaxTrustedProxies = 256;
constexpr double kMaxRate = 1e6;
constexpr double kMinRate = 1e-3;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class LimitReader {
 public:
  explicit LimitReader(const SettingTexts& texts) : texts_(texts) {}

  LimitSettings read();

 private:
  void read_number(const std::string& name, std::size_t least, std::size_t most,
                   std::size_t& number) const;
  void read_rate(const std::string& name, Rate& rate) const;
  void read_switch(const std::string& name, bool& is_on) const;
  std::vector<AddressRange> read_proxies() const;

  const SettingTexts& texts_;
};

LimitSettings LimitReader::read() {
  LimitSettings limits;
  limits.trusted_proxies = read_proxies();
  read_switch("DISCONNECT_EXPIRED_TOKENS", limits.disconnect_expired);
  read_number("MAX_CONNECTIONS", 1, 1'000'000, limits.max_connections);
  read_number("MAX_CONNECTIONS_PER_ADDRESS", 1, 1'000'000, limits.max_connections_per_address);
  read_number("MAX_ROOMS", 1, 1'000'000, limits.max_rooms);
  read_number("MAX_PARTICIPANTS_PER_ROOM", 1, 100'000, limits.max_participants_per_room);
  read_number("MAX_MESSAGE_BYTES", 10'000, 100'000'000, limits.max_message_bytes);
  read_number("MAX_JSON_DEPTH", 8, 64, limits.max_json_depth);
  read_number("MAX_QUEUE_BYTES", 100'000, 1'000'000'000, limits.max_queue_bytes);
  read_number("MAX_QUEUE_SECONDS", 1, 600, limits.max_queue_seconds);
  read_number("HEADER_TIMEOUT", 1, 600, limits.header_seconds);
  read_number("BODY_TIMEOUT", 1, 600, limits.body_seconds);
  read_number("CONNECT_TIMEOUT", 1, 600, limits.connect_seconds);
  read_rate("RATE_CONNECTIONS", limits.rates.connections);
  read_rate("RATE_FAILED_LOGINS", limits.rates.failed_logins);
  read_rate("RATE_JOINS", limits.rates.joins);
  read_rate("RATE_EVENTS", limits.rates.events);
  read_rate("RATE_HEAVY_EVENTS", limits.rates.heavy_events);
  read_rate("RATE_ICE_CANDIDATES", limits.rates.ice_candidates);
  return limits;
}

void LimitReader::read_number(const std::string& name, std::size_t least, std::size_t most,
                              std::size_t& number) const {
  const auto text = texts_.value(name);
  if (!text) return;
  const auto parsed = parse_number<std::size_t>(*text);
  if (parsed && *parsed >= least && *parsed <= most)
    number = *parsed;
  else
    texts_.refuse(name, *text,
                  "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

/// "100/1000": 100 each second, and 1000 at once.
void LimitReader::read_rate(const std::string& name, Rate& rate) const {
  const auto text = texts_.value(name);
  if (!text) return;
  const std::string_view whole = *text;
  const auto slash = whole.find('/');
  const auto per_second = parse_number<double>(whole.substr(0, slash));
  const auto burst = slash == std::string_view::npos
                         ? std::nullopt
                         : parse_number<std::size_t>(whole.substr(slash + 1));
  const bool fits = per_second && burst && *per_second >= kMinRate && *per_second <= kMaxRate &&
                    *burst >= 1 && static_cast<double>(*burst) <= kMaxRate;
  if (fits)
    rate = {*per_second, static_cast<double>(*burst)};
  else
    texts_.refuse(name, *text,
                  "how many each second, 0.001 to 1000000, a slash, and how many at once, 1 to "
                  "1000000, like 0.5/20");
}

void LimitReader::read_switch(const std::string& name, bool& is_on) const {
  const auto text = texts_.value(name);
  if (!text) return;
  if (*text == "on" || *text == "off")
    is_on = *text == "on";
  else
    texts_.refuse(name, *text, "on or off");
}

std::vector<AddressRange> LimitReader::read_proxies() const {
  constexpr const char* kName = "TRUSTED_PROXIES";
  std::vector<AddressRange> proxies;
  const auto text = texts_.value(kName);
  if (!text) return proxies;
  for (std::string_view rest = *text;;) {
    const auto comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    const auto range = AddressRange::parse(part);
    if (range)
      proxies.push_back(*range);
    else
      texts_.refuse(kName, part,
                    "addresses of proxies and their networks, split at commas, like 10.0.0.5, "
                    "192.0.2.0/24 or 2001:db8::/32");
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (proxies.size() > kMaxTrustedProxies)
    texts_.refuse(kName, *text, "at most " + std::to_string(kMaxTrustedProxies) + " entries");
  return proxies;
}

}  // namespace

LimitSettings read_limit_settings(const SettingTexts& texts) { return LimitReader(texts).read(); }

}  // namespace sfu::server

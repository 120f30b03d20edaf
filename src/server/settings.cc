#include "server/settings.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/command_line.h"
#include "server/dotenv.h"
#include "server/example_secret.h"
#include "server/ice_servers_setting.h"
#include "server/public_key.h"
#include "server/setting_text.h"
#include "server/setting_values.h"

namespace sfu::server {
namespace {

constexpr int kBadSettings = 2;
constexpr std::size_t kMaxSecretBytes = 4096;

/// By itself "::" is all there is, as for HTTP; sockets of media are of one family each.
void add_other_wildcard(std::vector<IpAddress>& addresses) {
  const bool is_all = addresses.size() == 1 && addresses.front().is_unspecified();
  if (is_all && !addresses.front().is_v4()) addresses.push_back(IpAddress::v4(0));
}

/// What the values of the settings mean, together.
class Reader {
 public:
  explicit Reader(const SettingsSources& sources) : sources_(sources) {}

  Result<Settings, SettingsExit> read();

 private:
  void collect(const CommandLine& command_line, const Dotenv& dotenv);
  void warn_of_unknown_names(const Dotenv& dotenv);
  void choose_mode(bool demo_asked_for);

  void read_http();
  void read_tokens();
  void read_media();
  void read_ice_servers();
  void read_lifetimes();
  void read_log_levels();

  void read_public_key(const std::string& value);
  void read_announced_ip(const std::string& value);
  void check_media_ports();
  /// `danger`: what whoever guesses it can do.
  std::optional<std::string> secret(const std::string& name,
                                    std::string_view danger = "can enter every meeting");
  std::optional<LogLevel> log_level(const std::string& name);
  std::optional<IpAddress> address(const std::string& name, std::string_view text);

  const SettingsSources& sources_;
  SettingValues values_;
  Settings settings_;
};

/// An origin as browsers send it (RFC 6454 §6.2): scheme, host and perhaps a port; no path.
bool is_origin(std::string_view text) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos || separator == 0) return false;
  const auto host = text.substr(separator + 3);
  return !host.empty() && host.find_first_of("/?#@ \t*\"\\") == std::string_view::npos;
}

bool is_multicast(const IpAddress& address) {
  if (address.is_v4()) return address.v4_value() >> 28 == 0xe || address.v4_value() == 0xffffffff;
  return address.bytes()[0] == 0xff;
}

Result<Settings, SettingsExit> Reader::read() {
  const auto command_line = parse_command_line(sources_.arguments);
  if (command_line.help) return fail(SettingsExit{.exit_code = 0, .messages = {help_text()}});
  const auto dotenv = parse_dotenv(sources_.dotenv);
  collect(command_line, dotenv);
  warn_of_unknown_names(dotenv);
  choose_mode(command_line.demo);

  read_http();
  read_tokens();
  read_media();
  read_ice_servers();
  settings_.limits = read_limit_settings(values_);
  read_lifetimes();
  read_log_levels();
  if (!values_.problems().empty())
    return fail(SettingsExit{.exit_code = kBadSettings, .messages = values_.problems()});
  return std::move(settings_);
}

void Reader::collect(const CommandLine& command_line, const Dotenv& dotenv) {
  for (const auto& text : command_line.problems) values_.add_problem(text);
  for (const auto& name : dotenv.unclosed_quotes_of)
    values_.add_problem(name + " in .env begins with a quote that never ends");
  for (const auto line : dotenv.ignored_lines)
    settings_.warnings.push_back("line " + std::to_string(line) +
                                 " of .env is no KEY=VALUE and is ignored");
  for (const auto* source : {&command_line.values, &sources_.environment, &dotenv.values})
    values_.add(*source);
}

void Reader::warn_of_unknown_names(const Dotenv& dotenv) {
  const auto table = setting_table();
  for (const auto* source : {&sources_.environment, &dotenv.values})
    for (const auto& [name, text] : *source)
      if (name.starts_with("MEDIASOUP_") &&
          std::none_of(table.begin(), table.end(), [&](const auto& s) { return s.name == name; }))
        settings_.warnings.push_back(name + " is no setting of this server and is ignored");
}

void Reader::choose_mode(bool demo_asked_for) {
  settings_.production = values_.find("NODE_ENV") == "production";
  settings_.demo = demo_asked_for || (!values_.any_set() && values_.problems().empty());
}

void Reader::read_http() {
  values_.read_port("PORT", 0, settings_.port);
  if (settings_.demo) settings_.listen_ip = IpAddress::v4(0x7f000001);
  if (const auto text = values_.find("LISTEN_IP")) {
    settings_.listen_ip = address("LISTEN_IP", *text);
    if (settings_.demo && settings_.listen_ip && !settings_.listen_ip->is_loopback())
      values_.refuse("LISTEN_IP", *text,
                     "in demo mode, which gives a token to whoever asks, a loopback address");
  }

  const auto origins = values_.find("CORS_ORIGIN").value_or("http://localhost:5173");
  for (const auto part : split_at_commas(origins)) {
    if (part == "*" || is_origin(part))
      settings_.cors_origins.emplace_back(part);
    else
      values_.refuse(
          "CORS_ORIGIN", part,
          "*, or origins split at commas, each with scheme and host and without a path or a "
          "slash at its end, like https://meet.example.org");
  }

  settings_.demo_dir =
      values_.find("DEMO_DIR").value_or(settings_.demo ? sources_.page_directory : "");
  if (values_.find("DEMO_DIR") && !sources_.read_file(settings_.demo_dir + "/index.html"))
    values_.refuse("DEMO_DIR", settings_.demo_dir,
                   "a folder with a file index.html that can be read");
}

void Reader::read_tokens() {
  if (const auto token = secret("ADMIN_TOKEN", "can read who is in which meeting"))
    settings_.admin_token = *token;
  if (settings_.demo) {
    for (const auto* name : {"JWT_SECRET", "JWT_PUBLIC_KEY"})
      if (values_.find(name))
        settings_.warnings.push_back(std::string(name) +
                                     " is not used in demo mode, which makes a secret of its own");
    settings_.jwt_secret = sources_.random_secret();
    return;
  }
  const auto jwt_secret = secret("JWT_SECRET");
  if (jwt_secret) settings_.jwt_secret = *jwt_secret;
  const auto public_key = values_.find("JWT_PUBLIC_KEY");
  if (public_key) read_public_key(*public_key);
  if (!values_.find("JWT_SECRET") && !public_key)
    values_.add_problem(
        "JWT_SECRET is missing: outside demo mode it is required, at least 16 bytes (or "
        "JWT_PUBLIC_KEY); to try the server without one, start it with --demo");
}

std::optional<std::string> Reader::secret(const std::string& name, std::string_view danger) {
  const auto text = values_.find(name);
  if (!text) return std::nullopt;
  std::string weakness;
  if (text->size() > kMaxSecretBytes) {
    values_.add_problem(name + " is longer than " + std::to_string(kMaxSecretBytes) + " bytes");
    return std::nullopt;
  }
  if (is_example_secret(*text))
    weakness = name + " is a value that examples show, or close to one";
  else if (text->size() < kMinSecretBytes)
    weakness = name + " has only " + std::to_string(text->size()) + " bytes";
  if (weakness.empty()) return text;

  weakness += ": whoever guesses it " + std::string(danger) +
              "; allowed is a random value of at least 16 bytes";
  if (!settings_.production) {
    settings_.warnings.push_back(weakness);
    return text;
  }
  values_.add_problem(weakness + " (NODE_ENV is production)");
  return std::nullopt;
}

void Reader::read_public_key(const std::string& text) {
  std::string pem = text;
  if (pem.find("-----BEGIN") == std::string::npos) {
    const auto file = sources_.read_file(text);
    if (!file) {
      values_.add_problem(
          "JWT_PUBLIC_KEY is neither a PEM text nor the path of a file that can be read");
      return;
    }
    pem = *file;
  }
  // A key that was put on one line has its line ends written as backslash and n.
  for (auto at = pem.find("\\n"); at != std::string::npos; at = pem.find("\\n", at + 1))
    pem.replace(at, 2, "\n");
  const auto good = check_public_key(pem);
  if (good)
    settings_.jwt_public_key_pem = pem;
  else
    values_.add_problem(
        "JWT_PUBLIC_KEY cannot be used: " + good.error() +
        "; allowed is a public RSA key of at least 2048 bits or a P-256 key, in PEM");
}

void Reader::read_media() {
  const auto listen = values_.find("MEDIASOUP_LISTEN_IP").value_or("0.0.0.0");
  for (const auto part : split_at_commas(listen)) {
    const auto parsed = address("MEDIASOUP_LISTEN_IP", part);
    if (!parsed) continue;
    auto& addresses = settings_.media_listen_ips;
    if (std::find(addresses.begin(), addresses.end(), *parsed) != addresses.end())
      values_.refuse("MEDIASOUP_LISTEN_IP", listen, "each address once");
    else
      addresses.push_back(*parsed);
  }
  add_other_wildcard(settings_.media_listen_ips);
  if (settings_.media_listen_ips.size() > kMaxListenIps)
    values_.refuse("MEDIASOUP_LISTEN_IP", listen,
                   "at most " + std::to_string(kMaxListenIps) + " addresses");
  if (const auto text = values_.find("MEDIASOUP_ANNOUNCED_IP")) read_announced_ip(*text);

  settings_.num_workers = std::clamp<std::size_t>(sources_.cores, 1, kMaxWorkers);
  values_.read_number("MEDIASOUP_NUM_WORKERS", 1, kMaxWorkers, settings_.num_workers);
  check_media_ports();
  values_.read_switch("MEDIASOUP_ENABLE_TCP", settings_.enable_tcp);
  values_.read_switch("MEDIASOUP_PIN_WORKERS", settings_.pin_workers);
  values_.read_number("MEDIASOUP_SPREAD_MARGIN", 0, 100, settings_.spread_margin);
}

void Reader::read_lifetimes() {
  values_.read_number("RECONNECT_GRACE_SECONDS", 0, 3600, settings_.reconnect_grace_seconds);
  values_.read_number("DRAIN_SECONDS", 0, kMaxDrainSeconds, settings_.drain_seconds);
  const auto& environment = sources_.environment;
  if (const auto found = environment.find("NOTIFY_SOCKET"); found != environment.end())
    settings_.notify_socket = found->second;
}

void Reader::read_announced_ip(const std::string& text) {
  settings_.media_announced_ip = address("MEDIASOUP_ANNOUNCED_IP", text);
  if (settings_.media_announced_ip && settings_.media_announced_ip->is_unspecified())
    values_.refuse("MEDIASOUP_ANNOUNCED_IP", text, "an address that clients can send to");
}

void Reader::check_media_ports() {
  const auto problems_before = values_.problems().size();
  values_.read_port("MEDIASOUP_MIN_PORT", 1, settings_.media_min_port);
  values_.read_port("MEDIASOUP_MAX_PORT", 1, settings_.media_max_port);
  if (values_.problems().size() != problems_before) return;
  const std::size_t least = settings_.media_min_port;
  const std::size_t most = settings_.media_max_port;
  if (least > most) {
    values_.refuse("MEDIASOUP_MIN_PORT", std::to_string(least),
                   "a port up to MEDIASOUP_MAX_PORT, which is " + std::to_string(most));
  } else if (settings_.num_workers > most - least + 1) {
    values_.refuse("MEDIASOUP_NUM_WORKERS", std::to_string(settings_.num_workers),
                   "at most one worker for each media port, and from MEDIASOUP_MIN_PORT " +
                       std::to_string(least) + " to MEDIASOUP_MAX_PORT " + std::to_string(most) +
                       " there are only " + std::to_string(most - least + 1));
  }
}

void Reader::read_ice_servers() {
  values_.read_number("TURN_TTL_SECONDS", 60, 2'592'000, settings_.turn_ttl_seconds);
  if (const auto text = secret("TURN_SECRET", "can send through the TURN server"))
    settings_.turn_secret = *text;
  if (const auto text = values_.find("ICE_SERVERS")) {
    if (auto servers = parse_ice_servers(*text))
      settings_.ice_servers = std::move(*servers);
    else
      return values_.add_problem("ICE_SERVERS" + servers.error());
  }
  bool needs_secret = false;
  for (const auto& server : settings_.ice_servers)
    needs_secret |= server.relays() && server.username.empty();
  if (needs_secret && !values_.find("TURN_SECRET"))
    values_.add_problem(
        "ICE_SERVERS has a TURN server without username and credential; allowed: both of them, "
        "or TURN_SECRET to make them from");
  if (!needs_secret && values_.find("TURN_SECRET"))
    settings_.warnings.emplace_back(
        "TURN_SECRET is not used: ICE_SERVERS has no TURN server that needs credentials");
}

void Reader::read_log_levels() {
  settings_.media_log_level = log_level("MEDIASOUP_LOG_LEVEL").value_or(settings_.media_log_level);
  settings_.log_level = log_level("LOG_LEVEL").value_or(settings_.log_level);
}

std::optional<LogLevel> Reader::log_level(const std::string& name) {
  const auto text = values_.find(name);
  if (!text) return std::nullopt;
  const bool media = name == "MEDIASOUP_LOG_LEVEL";
  if (*text == "debug") return LogLevel::Debug;
  if (*text == "warn") return LogLevel::Warn;
  if (*text == "error") return LogLevel::Error;
  if (media && *text == "none") return LogLevel::None;
  if (!media && *text == "info") return LogLevel::Info;
  values_.refuse(name, *text, media ? "debug, warn, error or none" : "error, warn, info or debug");
  return std::nullopt;
}

std::optional<IpAddress> Reader::address(const std::string& name, std::string_view text) {
  auto parsed = IpAddress::parse(text);
  if (parsed && is_multicast(*parsed)) parsed.reset();
  if (!parsed)
    values_.refuse(
        name, text,
        name == "MEDIASOUP_LISTEN_IP"
            ? "IPv4 or IPv6 addresses of this machine, split at commas, like 0.0.0.0 or ::"
            : "an IPv4 or IPv6 address, like 192.0.2.1 or 2001:db8::1");
  return parsed;
}

}  // namespace

Result<Settings, SettingsExit> parse_settings(const SettingsSources& sources) {
  return Reader(sources).read();
}

}  // namespace sfu::server

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/result.h"
#include "server/limit_settings.h"
#include "service/ice_server.h"

namespace sfu::server {

inline constexpr std::size_t kMaxWorkers = 256;
inline constexpr std::size_t kMaxListenIps = 16;
inline constexpr std::size_t kMinSecretBytes = 16;
inline constexpr std::size_t kMaxDrainSeconds = 86'400;

/// All that an operator can choose, checked. Read once at start and never changed.
struct Settings {
  /// The server gives a token to whoever opens its page; HTTP is then on loopback only.
  bool demo = false;
  /// NODE_ENV=production: weak secrets are refused.
  bool production = false;

  std::uint16_t port = 3003;           ///< HTTP and Socket.IO; 0 takes any free port.
  std::optional<IpAddress> listen_ip;  ///< HTTP; none: every address of the machine, IPv6 and IPv4.

  std::string jwt_secret;          ///< HS256. Empty where only the public key is set, else never.
  std::string jwt_public_key_pem;  ///< RS256 or ES256, by the kind of the key. Empty: none.
  std::string admin_token;         ///< Opens the personal part of /stats. Empty: loopback only.
  std::vector<std::string> cors_origins;  ///< Origins as browsers send them, or "*".

  std::vector<IpAddress> media_listen_ips;      ///< At least one, no two the same.
  std::optional<IpAddress> media_announced_ip;  ///< Stands in the ICE candidates instead.
  std::uint16_t media_min_port = 40000;         ///< Worker i tries media_min_port + i first.
  std::uint16_t media_max_port = 49999;         ///< Inclusive.
  bool enable_tcp = true;                       ///< ICE over TCP, for networks that block UDP.
  std::size_t num_workers = 1;
  bool pin_workers = false;        ///< Each to one processor.
  std::size_t spread_margin = 10;  ///< Percent of a core; see service::Options::placement_margin.

  std::vector<service::IceServer> ice_servers;  ///< For clients: STUN and TURN beside this server.
  std::string turn_secret;  ///< Shared with the TURN servers that have no name in ice_servers.
  std::size_t turn_ttl_seconds = 43'200;  ///< How long the credentials made from it are good.
  LimitSettings limits;

  /// For how long a participant is kept whose connection broke off; 0: not at all.
  std::size_t reconnect_grace_seconds = 30;
  std::size_t drain_seconds = 25;  ///< For meetings to end after SIGTERM; 0 ends them at once.

  LogLevel media_log_level = LogLevel::Warn;
  LogLevel log_level = LogLevel::Info;

  std::string demo_dir;  ///< The folder of the meeting page. Empty: no page is served.

  /// $NOTIFY_SOCKET: see ServiceNotice. No choice of the operator's, but the service manager's.
  std::string notify_socket;

  /// To be logged at start: what is allowed but unwise.
  std::vector<std::string> warnings;
};

/// Why there are no settings: `--help` was asked for (exit code 0, text for standard output), or
/// something is wrong (exit code 2, one message for each problem, for standard error).
struct SettingsExit {
  int exit_code = 2;
  std::vector<std::string> messages;
};

/// Everything that settings are read from, so that reading them touches nothing else.
struct SettingsSources {
  std::vector<std::string> arguments;              ///< Without the program's name.
  std::map<std::string, std::string> environment;  ///< Names that are no setting are ignored.
  std::string dotenv;  ///< The text of `.env`; empty where there is none.
  std::size_t cores = 1;
  std::string page_directory;  ///< Where the page was found beside the program; may be empty.
  std::function<std::optional<std::string>(const std::string& path)> read_file;
  std::function<std::string()> random_secret;  ///< For demo mode.
};

/// The command line wins over the environment, the environment over `.env`. A name that is there
/// with an empty value counts as not set, but not as "no setting at all": that alone starts demo
/// mode.
Result<Settings, SettingsExit> parse_settings(const SettingsSources& sources);

/// The sources of this process: its arguments and environment, `.env` of the working directory.
SettingsSources process_settings_sources(int argc, const char* const* argv);

/// Prints what a SettingsExit says to where it belongs and returns its exit code.
int print_settings_exit(const SettingsExit& exit);

/// One line of the table that `--help` and docs/settings.md both show.
struct SettingDescription {
  std::string_view name;           ///< In the environment and in `.env`: "MEDIASOUP_MIN_PORT".
  std::string_view default_value;  ///< As text for people.
  std::string_view meaning;        ///< With what is allowed.
  bool secret = false;             ///< Its value is never shown.
};
std::span<const SettingDescription> setting_table();

/// What `--help` prints.
std::string help_text();

/// "MEDIASOUP_MIN_PORT" is `--mediasoup-min-port` on the command line.
std::string command_line_name(std::string_view setting);

}  // namespace sfu::server

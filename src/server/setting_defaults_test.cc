#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "server/settings.h"

// The table of settings, which --help and the documents show, against what is read.

namespace sfu::server {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

using Environment = std::map<std::string, std::string>;

// All that settings can change. A member more than these does not compile.

auto all_of(const service::Rates& rates) {
  const auto& [connections, failed_logins, joins, events, heavy_events, ice_candidates,
               peer_bytes] = rates;
  return std::tuple(connections, failed_logins, joins, events, heavy_events, ice_candidates,
                    peer_bytes);
}

auto all_of(const LimitSettings& limits) {
  const auto& [trusted_proxies, disconnect_expired, max_connections, max_connections_per_address,
               max_rooms, max_participants_per_room, max_peers_per_room, address_bytes,
               max_message_bytes, max_json_depth, max_queue_bytes, max_queue_seconds,
               header_seconds, body_seconds, connect_seconds, rates] = limits;
  return std::tuple(trusted_proxies, disconnect_expired, max_connections,
                    max_connections_per_address, max_rooms, max_participants_per_room,
                    max_peers_per_room, address_bytes, max_message_bytes, max_json_depth,
                    max_queue_bytes, max_queue_seconds, header_seconds, body_seconds,
                    connect_seconds, all_of(rates));
}

auto all_of(const Settings& settings) {
  const auto& [demo, production, port, listen_ip, jwt_secret, jwt_public_key_pem, admin_token,
               cors_origins, media_listen_ips, media_announced_ip, media_min_port, media_max_port,
               enable_tcp, num_workers, pin_workers, spread_margin, ice_servers, turn_secret,
               turn_ttl_seconds, limits, reconnect_grace_seconds, drain_seconds, media_log_level,
               log_level, demo_dir, notify_socket, warnings] = settings;
  return std::tuple(demo, production, port, listen_ip, jwt_secret, jwt_public_key_pem, admin_token,
                    cors_origins, media_listen_ips, media_announced_ip, media_min_port,
                    media_max_port, enable_tcp, num_workers, pin_workers, spread_margin,
                    ice_servers, turn_secret, turn_ttl_seconds, all_of(limits),
                    reconnect_grace_seconds, drain_seconds, media_log_level, log_level, demo_dir,
                    notify_socket, warnings);
}

Result<Settings, SettingsExit> parse(Environment environment) {
  environment.emplace("JWT_SECRET", "c83f1b0e77aa4d0cb21d");
  SettingsSources sources;
  sources.environment = std::move(environment);
  sources.cores = 4;
  sources.read_file = [](const std::string&) { return std::nullopt; };
  return parse_settings(sources);
}

/// What is read then; the problems where something is not allowed.
void expect_read(const Environment& environment, bool as_without_it) {
  const auto settings = parse(environment), plain = parse({});
  ASSERT_TRUE(settings) << testing::PrintToString(environment) << " "
                        << testing::PrintToString(settings.error().messages);
  EXPECT_EQ(all_of(*settings) == all_of(*plain), as_without_it)
      << testing::PrintToString(environment);
}

void expect_refused(const std::string& name, const Environment& environment) {
  const auto settings = parse(environment);
  ASSERT_FALSE(settings) << testing::PrintToString(environment);
  EXPECT_THAT(settings.error().messages,
              Each(StartsWith(name + " is \"" + environment.at(name) + "\"; allowed: ")));
}

/// Of them the table says in words what they are when nobody sets them.
const std::set<std::string_view> kInWords = {
    "none", "every address of the machine", "the number of cores",
    "the page built beside the server in demo mode, else none"};

TEST(SettingDefaults, ThatTheTableNamesAreWhatIsReadWhereNothingIsSet) {
  for (const SettingDescription& row : setting_table())
    if (!kInWords.contains(row.default_value))
      expect_read({{std::string(row.name), std::string(row.default_value)}}, true);
  expect_read({{"MEDIASOUP_NUM_WORKERS", "4"}}, true);
}

/// A setting that is a number, or two with a slash between them.
struct Bounded {
  std::string name;
  std::string least, most;
  std::vector<std::string> beyond;
  Environment beside = {};  // What makes room for both bounds.
};

Bounded number(const std::string& name, std::uint64_t least, std::uint64_t most,
               Environment beside = {}) {
  return {name,
          std::to_string(least),
          std::to_string(most),
          {std::to_string(static_cast<std::int64_t>(least) - 1), std::to_string(most + 1), "x",
           "1.5", "18446744073709551617"},
          std::move(beside)};
}
Bounded rate(const std::string& name, std::uint64_t most = 1'000'000) {
  const std::string top = std::to_string(most), above = std::to_string(most + 1);
  return {name,
          "0.001/1",
          top + "/" + top,
          {"0.0009/1", above + "/1", "1/0", "1/" + above, "1", "x/1"}};
}

const std::vector<Bounded> kBounded = {
    number("PORT", 0, 65'535),
    number("MEDIASOUP_MIN_PORT", 1, 65'535,
           {{"MEDIASOUP_MAX_PORT", "65535"}, {"MEDIASOUP_NUM_WORKERS", "1"}}),
    number("MEDIASOUP_MAX_PORT", 1, 65'535,
           {{"MEDIASOUP_MIN_PORT", "1"}, {"MEDIASOUP_NUM_WORKERS", "1"}}),
    number("MEDIASOUP_NUM_WORKERS", 1, 256),
    number("MEDIASOUP_SPREAD_MARGIN", 0, 100),
    number("TURN_TTL_SECONDS", 60, 2'592'000),
    number("MAX_CONNECTIONS", 1, 1'000'000),
    number("MAX_CONNECTIONS_PER_ADDRESS", 1, 1'000'000),
    number("MAX_ROOMS", 1, 1'000'000),
    number("MAX_PARTICIPANTS_PER_ROOM", 1, 100'000),
    number("MAX_PEERS_PER_ROOM", 2, 1'000),
    number("MAX_MESSAGE_BYTES", 10'000, 100'000'000, {{"MAX_QUEUE_BYTES", "1000000000"}}),
    number("MAX_JSON_DEPTH", 8, 64),
    number("MAX_QUEUE_BYTES", 100'000, 1'000'000'000, {{"MAX_MESSAGE_BYTES", "10000"}}),
    number("MAX_QUEUE_SECONDS", 1, 600),
    number("HEADER_TIMEOUT", 1, 600),
    number("BODY_TIMEOUT", 1, 600),
    number("CONNECT_TIMEOUT", 1, 600),
    rate("RATE_CONNECTIONS"),
    rate("RATE_FAILED_LOGINS"),
    rate("RATE_JOINS"),
    rate("RATE_EVENTS"),
    rate("RATE_HEAVY_EVENTS"),
    rate("RATE_ICE_CANDIDATES"),
    rate("RATE_ADDRESS_BYTES", 1'000'000'000),
    rate("RATE_PEER_BYTES", 1'000'000'000),
    number("RECONNECT_GRACE_SECONDS", 0, 3'600),
    number("DRAIN_SECONDS", 0, 86'400),
};

TEST(SettingBounds, AreReadAtBothEndsAndRefusedOneBeyond) {
  for (const Bounded& setting : kBounded) {
    const auto with = [&](const std::string& text) {
      Environment environment = setting.beside;
      environment[setting.name] = text;
      return environment;
    };
    for (const std::string& text : {setting.least, setting.most}) expect_read(with(text), false);
    for (const std::string& text : setting.beyond) expect_refused(setting.name, with(text));
  }
}

TEST(SettingBounds, StandInTheTableOfTheSettingsThatHaveThem) {
  for (const SettingDescription& row : setting_table()) {
    const auto setting = std::find_if(kBounded.begin(), kBounded.end(),
                                      [&](const Bounded& one) { return one.name == row.name; });
    const bool is_number =
        row.default_value.find_first_not_of("0123456789/") == row.default_value.npos;
    EXPECT_TRUE(setting != kBounded.end() || !is_number) << row.name << " is not bounded here";
    if (setting == kBounded.end() || row.name.starts_with("RATE_")) continue;
    const bool follows_another = row.name == "MEDIASOUP_MAX_PORT";
    EXPECT_THAT(row.meaning, HasSubstr((follows_another ? "MEDIASOUP_MIN_PORT" : setting->least) +
                                       " to " + setting->most));
  }
}

}  // namespace
}  // namespace sfu::server

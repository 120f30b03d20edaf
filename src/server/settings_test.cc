#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::server {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Environment = std::map<std::string, std::string>;

constexpr const char* kSecret = "c83f1b0e77aa4d0cb21d";
constexpr const char* kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECHErOyUpMs7DsW1DfmlsXmzqNX46\n"
    "v9/wkq6ChE6NjIJV7Tsea504CJ7KBxqassP5gZQ+LgqWipTnTIl6t0YxHA==\n"
    "-----END PUBLIC KEY-----\n";

SettingsSources sources(std::vector<std::string> arguments = {}, Environment environment = {},
                        std::string dotenv = "") {
  return SettingsSources{
      .arguments = std::move(arguments),
      .environment = std::move(environment),
      .dotenv = std::move(dotenv),
      .cores = 4,
      .page_directory = "/page",
      .read_file = [](const std::string& path) -> std::optional<std::string> {
        if (path == "/page/index.html") return "<html>";
        if (path == "/keys/jwt.pem") return kKey;
        return std::nullopt;
      },
      .random_secret = [] { return std::string("drawn at random"); },
  };
}

/// The environment of a server outside demo mode, with one more setting.
Environment with(const std::string& name, const std::string& value) {
  Environment environment{{"JWT_SECRET", kSecret}};
  environment[name] = value;
  return environment;
}

Settings accepted(const SettingsSources& from) {
  auto settings = parse_settings(from);
  if (settings) return *settings;
  ADD_FAILURE() << testing::PrintToString(settings.error().messages);
  return {};
}

SettingsExit refused(const SettingsSources& from) {
  auto settings = parse_settings(from);
  if (!settings) return settings.error();
  ADD_FAILURE() << "these settings were accepted";
  return {};
}

TEST(Settings, AreDemoModeOnLoopbackWithARandomSecretWhereThereIsNone) {
  const auto settings = accepted(sources({}, {{"PATH", "/bin"}, {"NODE_ENV", "test"}}, "# none\n"));
  EXPECT_TRUE(settings.demo);
  EXPECT_EQ(settings.listen_ip, IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(settings.jwt_secret, "drawn at random");
  EXPECT_EQ(settings.demo_dir, "/page");
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, HaveTheDefaultsOfTheirTable) {
  const auto settings = accepted(sources({}, {{"JWT_SECRET", kSecret}}));
  EXPECT_FALSE(settings.demo);
  EXPECT_FALSE(settings.production);
  EXPECT_EQ(settings.port, 3003);
  EXPECT_EQ(settings.listen_ip, std::nullopt);
  EXPECT_EQ(settings.jwt_secret, kSecret);
  EXPECT_THAT(settings.cors_origins, ElementsAre("http://localhost:5173"));
  EXPECT_THAT(settings.media_listen_ips, ElementsAre(*IpAddress::parse("0.0.0.0")));
  EXPECT_EQ(settings.media_announced_ip, std::nullopt);
  EXPECT_EQ(settings.media_min_port, 40000);
  EXPECT_EQ(settings.media_max_port, 49999);
  EXPECT_EQ(settings.num_workers, 4U);
  EXPECT_FALSE(settings.pin_workers);
  EXPECT_EQ(settings.spread_margin, 10U);
  EXPECT_EQ(settings.reconnect_grace_seconds, 30U);
  EXPECT_EQ(settings.drain_seconds, 25U);
  EXPECT_EQ(settings.media_log_level, LogLevel::Warn);
  EXPECT_EQ(settings.log_level, LogLevel::Info);
  EXPECT_EQ(settings.demo_dir, "");
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, LetTheCommandLineWinOverTheEnvironmentAndThatOverTheFile) {
  const std::string file = "PORT=1\nLOG_LEVEL=debug\nMEDIASOUP_NUM_WORKERS=3\n";
  const Environment environment{{"JWT_SECRET", kSecret}, {"PORT", "2"}, {"LOG_LEVEL", "error"}};
  const auto settings = accepted(sources({"--port", "4000"}, environment, file));
  EXPECT_EQ(settings.port, 4000);
  EXPECT_EQ(settings.log_level, LogLevel::Error);
  EXPECT_EQ(settings.num_workers, 3U);
}

TEST(Settings, PassOverAnEmptyValueToTheNextSource) {
  const auto settings =
      accepted(sources({}, {{"JWT_SECRET", kSecret}, {"PORT", " "}}, "PORT=4001\n"));
  EXPECT_EQ(settings.port, 4001);
}

TEST(Settings, TakeTheLastOfAnOptionGivenTwiceAndBothWaysOfWritingIt) {
  EXPECT_EQ(accepted(sources({"--port=1", "--port", "2"}, {{"JWT_SECRET", kSecret}})).port, 2);
}

TEST(Settings, ThatAreAllRead) {
  const auto settings = accepted(sources({"--listen-ip",
                                          "::1",
                                          "--admin-token",
                                          "8d1f0a93c24e47bb90aa",
                                          "--cors-origin",
                                          "https://a.example, http://localhost:5173",
                                          "--mediasoup-listen-ip",
                                          "192.0.2.1,2001:db8::1",
                                          "--mediasoup-announced-ip",
                                          "198.51.100.7",
                                          "--mediasoup-min-port",
                                          "500",
                                          "--mediasoup-max-port",
                                          "510",
                                          "--mediasoup-num-workers",
                                          "11",
                                          "--mediasoup-log-level",
                                          "none",
                                          "--demo-dir",
                                          "/page",
                                          "--mediasoup-pin-workers",
                                          "on",
                                          "--mediasoup-spread-margin",
                                          "0",
                                          "--drain-seconds",
                                          "86400",
                                          "--node-env",
                                          "production"},
                                         {{"JWT_PUBLIC_KEY", "/keys/jwt.pem"}}));
  EXPECT_EQ(settings.listen_ip, IpAddress::parse("::1"));
  EXPECT_EQ(settings.admin_token, "8d1f0a93c24e47bb90aa");
  EXPECT_THAT(settings.cors_origins, ElementsAre("https://a.example", "http://localhost:5173"));
  EXPECT_THAT(settings.media_listen_ips,
              ElementsAre(*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")));
  EXPECT_EQ(settings.media_announced_ip, IpAddress::parse("198.51.100.7"));
  EXPECT_EQ(settings.media_min_port, 500);
  EXPECT_EQ(settings.media_max_port, 510);
  EXPECT_EQ(settings.num_workers, 11U);
  EXPECT_TRUE(settings.pin_workers);
  EXPECT_EQ(settings.spread_margin, 0U);
  EXPECT_EQ(settings.drain_seconds, 86'400U);
  EXPECT_EQ(settings.media_log_level, LogLevel::None);
  EXPECT_EQ(settings.demo_dir, "/page");
  EXPECT_TRUE(settings.production);
  EXPECT_EQ(settings.jwt_secret, "");
  EXPECT_EQ(settings.jwt_public_key_pem, kKey);
}

struct BadValue {
  const char* name;
  const char* value;
  const char* allowed;
};

TEST(Settings, RefuseABadValueNamingItAndWhatIsAllowed) {
  const BadValue cases[] = {
      {"PORT", "abc", "a whole number from 0 to 65535"},
      {"PORT", "-1", "a whole number from 0 to 65535"},
      {"PORT", "65536", "a whole number from 0 to 65535"},
      {"PORT", "80.5", "a whole number from 0 to 65535"},
      {"PORT", "99999999999999999999999", "a whole number from 0 to 65535"},
      {"LISTEN_IP", "localhost", "an IPv4 or IPv6 address"},
      {"LISTEN_IP", "224.0.0.1", "an IPv4 or IPv6 address"},
      {"CORS_ORIGIN", "example.org", "origins split at commas"},
      {"CORS_ORIGIN", "http://example.org/", "without a path or a slash at its end"},
      {"CORS_ORIGIN", "https://*.example.org", "origins split at commas"},
      {"MEDIASOUP_LISTEN_IP", "0.0.0.0.0", "IPv4 or IPv6 addresses of this machine"},
      {"MEDIASOUP_ANNOUNCED_IP", "media.example.org", "an IPv4 or IPv6 address"},
      {"MEDIASOUP_ANNOUNCED_IP", "0.0.0.0", "an address that clients can send to"},
      {"MEDIASOUP_ANNOUNCED_IP", "ff02::1", "an IPv4 or IPv6 address"},
      {"MEDIASOUP_MIN_PORT", "0", "a whole number from 1 to 65535"},
      {"MEDIASOUP_MAX_PORT", "65536", "a whole number from 1 to 65535"},
      {"MEDIASOUP_MIN_PORT", "50000", "a port up to MEDIASOUP_MAX_PORT, which is 49999"},
      {"MEDIASOUP_NUM_WORKERS", "0", "a whole number from 1 to 256"},
      {"MEDIASOUP_NUM_WORKERS", "257", "a whole number from 1 to 256"},
      {"MEDIASOUP_PIN_WORKERS", "yes", "on or off"},
      {"MEDIASOUP_ENABLE_TCP", "true", "on or off"},
      {"MEDIASOUP_SPREAD_MARGIN", "101", "a whole number from 0 to 100"},
      {"RECONNECT_GRACE_SECONDS", "3601", "a whole number from 0 to 3600"},
      {"MEDIASOUP_LOG_LEVEL", "info", "debug, warn, error or none"},
      {"LOG_LEVEL", "none", "error, warn, info or debug"},
      {"LOG_LEVEL", "INFO", "error, warn, info or debug"},
      {"DEMO_DIR", "/nowhere", "a folder with a file index.html"},
  };
  for (const auto& [name, value, allowed] : cases) {
    SCOPED_TRACE(std::string(name) + "=" + value);
    const auto exit = refused(sources({}, with(name, value)));
    EXPECT_EQ(exit.exit_code, 2);
    const auto start = std::string(name) + " is \"" + value + "\"; allowed: ";
    ASSERT_THAT(exit.messages, ElementsAre(HasSubstr(start)));
    EXPECT_THAT(exit.messages, ElementsAre(HasSubstr(allowed)));
  }
}

TEST(Settings, AreAllCheckedBeforeTheServerGivesUp) {
  const auto exit = refused(
      sources({"--prot", "4000", "--port", "x"}, {{"LOG_LEVEL", "loud"}}, "CORS_ORIGIN='x"));
  EXPECT_THAT(exit.messages,
              testing::UnorderedElementsAre(HasSubstr("--prot"), HasSubstr("PORT is \"x\""),
                                            HasSubstr("LOG_LEVEL is \"loud\""),
                                            HasSubstr("CORS_ORIGIN in .env begins with a quote"),
                                            HasSubstr("JWT_SECRET is missing")));
}

TEST(Settings, RefuseMoreWorkersThanPorts) {
  auto environment = with("MEDIASOUP_MIN_PORT", "40000");
  environment["MEDIASOUP_MAX_PORT"] = "40003";
  EXPECT_EQ(accepted(sources({}, environment)).num_workers, 4U);
  environment["MEDIASOUP_NUM_WORKERS"] = "5";
  EXPECT_THAT(refused(sources({}, environment)).messages,
              ElementsAre(HasSubstr("MEDIASOUP_NUM_WORKERS is \"5\"")));
}

TEST(Settings, TakeBothWildcardsForTheOneOfIPv6ByItself) {
  const auto listening = [](const std::string& list) {
    return accepted(sources({}, with("MEDIASOUP_LISTEN_IP", list))).media_listen_ips;
  };
  const IpAddress any4 = *IpAddress::parse("0.0.0.0"), any6 = *IpAddress::parse("::");
  EXPECT_THAT(listening("::"), ElementsAre(any6, any4));
  EXPECT_THAT(listening("0.0.0.0"), ElementsAre(any4));
  EXPECT_THAT(listening("::1"), ElementsAre(*IpAddress::parse("::1")));
  EXPECT_THAT(listening("::,192.0.2.1"), ElementsAre(any6, *IpAddress::parse("192.0.2.1")));
}

TEST(Settings, TakeSoManyMediaAddressesAndNotOneMore) {
  std::string list = "192.0.2.1";
  for (std::size_t i = 2; i <= kMaxListenIps; ++i) list += ",192.0.2." + std::to_string(i);
  EXPECT_EQ(accepted(sources({}, with("MEDIASOUP_LISTEN_IP", list))).media_listen_ips.size(),
            kMaxListenIps);
  EXPECT_THAT(refused(sources({}, with("MEDIASOUP_LISTEN_IP", list + ",192.0.2.200"))).messages,
              ElementsAre(HasSubstr("at most 16 addresses")));
  EXPECT_THAT(refused(sources({}, with("MEDIASOUP_LISTEN_IP", "::1, ::1"))).messages,
              ElementsAre(HasSubstr("each address once")));
}

TEST(Settings, OfUnknownNamesOrWithoutAValueOnTheCommandLineAreRefused) {
  EXPECT_THAT(refused(sources({"--demo", "--prot", "4000"})).messages,
              ElementsAre("there is no setting --prot; --help lists them"));
  EXPECT_THAT(refused(sources({"--demo", "start"})).messages,
              ElementsAre("there is no setting start; --help lists them"));
  EXPECT_THAT(refused(sources({"--demo", "--port"})).messages, ElementsAre("--port needs a value"));
}

TEST(Settings, WarnOfMediaSettingsThatAreNone) {
  EXPECT_THAT(accepted(sources({}, with("MEDIASOUP_PORT", "1"))).warnings,
              ElementsAre("MEDIASOUP_PORT is no setting of this server and is ignored"));
}

TEST(Settings, OutsideDemoModeNeedASecretOrAPublicKey) {
  const std::vector<SettingsSources> without_secret = {
      sources({"--port", "4000"}), sources({}, {{"PORT", "4000"}}), sources({}, {}, "PORT=4000\n"),
      sources({}, {{"JWT_SECRET", ""}}), sources({}, {{"NODE_ENV", "production"}})};
  for (const auto& from : without_secret) {
    const auto exit = refused(from);
    EXPECT_EQ(exit.exit_code, 2);
    EXPECT_THAT(exit.messages, ElementsAre(HasSubstr("JWT_SECRET is missing")));
  }
}

TEST(Settings, ThatAreWeakSecretsWarnAtEachStartAndAreRefusedInProduction) {
  const char* weak[] = {"secret",
                        "changeme",
                        "your-secret-key",
                        "your_jwt_secret",
                        "YourSecretKey",
                        "fifteen bytes !",
                        "my-super-secret-jwt-key-change-this-in-production"};
  for (const auto* secret : weak) {
    SCOPED_TRACE(secret);
    for (const auto* name : {"JWT_SECRET", "ADMIN_TOKEN"}) {
      auto environment = with(name, secret);
      const auto settings = accepted(sources({}, environment));
      EXPECT_EQ(name == std::string("JWT_SECRET") ? settings.jwt_secret : settings.admin_token,
                secret);
      EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr(name)));

      environment["NODE_ENV"] = "production";
      EXPECT_THAT(refused(sources({}, environment)).messages, ElementsAre(HasSubstr(name)));
    }
  }
  auto strong = with("NODE_ENV", "production");
  EXPECT_THAT(accepted(sources({}, strong)).warnings, IsEmpty());
}

TEST(Settings, NeverShowASecret) {
  const std::string secret = "my-secret-key";
  Environment environment{
      {"JWT_SECRET", secret}, {"ADMIN_TOKEN", secret}, {"JWT_PUBLIC_KEY", secret}};
  for (const auto* mode : {"production", "development"}) {
    environment["NODE_ENV"] = mode;
    const auto exit = refused(sources({}, environment));
    EXPECT_THAT(exit.messages, Not(Contains(HasSubstr(secret))));
  }
}

TEST(Settings, ShowABadValueWithoutItsControlCharactersAndNotAtAnyLength) {
  const auto exit = refused(sources({}, with("PORT", "\x1b[2J" + std::string(5000, 'x'))));
  ASSERT_EQ(exit.messages.size(), 1U);
  EXPECT_THAT(exit.messages[0], Not(HasSubstr("\x1b")));
  EXPECT_LT(exit.messages[0].size(), 200U);
}

TEST(Settings, TakeAPublicKeyAsTextOnOneLineOrFromAFile) {
  std::string one_line;
  for (const char c : std::string(kKey))
    one_line += c == '\n' ? std::string("\\n") : std::string(1, c);
  for (const auto& text : {std::string(kKey), one_line, std::string("/keys/jwt.pem")}) {
    const auto settings = accepted(sources({}, {{"JWT_PUBLIC_KEY", text}}));
    EXPECT_THAT(settings.jwt_public_key_pem, HasSubstr("-----BEGIN PUBLIC KEY-----\nMFkw"));
  }
  EXPECT_THAT(refused(sources({}, {{"JWT_PUBLIC_KEY", "/keys/none.pem"}})).messages,
              ElementsAre(HasSubstr("neither a PEM text nor the path of a file")));
}

TEST(Settings, OfDemoModeNeverListenBeyondLoopbackAndNeverUseARealSecret) {
  EXPECT_THAT(refused(sources({"--demo", "--listen-ip", "0.0.0.0"})).messages,
              ElementsAre(HasSubstr("a loopback address")));
  EXPECT_EQ(accepted(sources({"--demo", "--listen-ip", "127.0.0.2"})).listen_ip,
            IpAddress::parse("127.0.0.2"));
  const auto settings = accepted(sources({"--demo"}, {{"JWT_SECRET", kSecret}}));
  EXPECT_EQ(settings.jwt_secret, "drawn at random");
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("JWT_SECRET is not used in demo mode")));
}

TEST(Settings, AreExplainedByHelpWhateverElseIsWrong) {
  for (const auto* option : {"--help", "-h"}) {
    const auto exit = refused(sources({"--port", "x", option}));
    EXPECT_EQ(exit.exit_code, 0);
    EXPECT_THAT(exit.messages, ElementsAre(help_text()));
  }
}

TEST(Settings, AreAllListedByHelp) {
  const auto help = help_text();
  for (const auto& setting : setting_table())
    EXPECT_THAT(help, HasSubstr(command_line_name(setting.name) + " VALUE, in the environment " +
                                std::string(setting.name) + "\n"));
  EXPECT_THAT(help, HasSubstr("--demo"));
}

TEST(SettingsOfTurn, TellClientsOfServersAndMakeCredentialsFromTheSecret) {
  const auto settings = accepted(sources({}, {{"JWT_SECRET", kSecret},
                                              {"ICE_SERVERS", "turn:turn.example.org"},
                                              {"TURN_SECRET", "tttttttttttttttttt"},
                                              {"TURN_TTL_SECONDS", "60"}}));
  ASSERT_EQ(settings.ice_servers.size(), 1U);
  EXPECT_THAT(settings.ice_servers[0].urls, ElementsAre("turn:turn.example.org"));
  EXPECT_EQ(settings.turn_secret, "tttttttttttttttttt");
  EXPECT_EQ(settings.turn_ttl_seconds, 60U);
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(accepted(sources({}, {{"JWT_SECRET", kSecret}})).turn_ttl_seconds, 43'200U);
}

TEST(SettingsOfTurn, RefuseWhatBrowsersOrTheTurnServerWouldRefuse) {
  EXPECT_THAT(refused(sources({}, with("ICE_SERVERS", "turn:turn.example.org"))).messages,
              ElementsAre(HasSubstr("or TURN_SECRET to make them from")));
  EXPECT_THAT(refused(sources({}, with("ICE_SERVERS", "turn://a"))).messages,
              ElementsAre(HasSubstr("ICE_SERVERS[0] must be like stun:")));
  for (const char* ttl : {"59", "2592001", "1h", "-1"})
    EXPECT_THAT(refused(sources({}, with("TURN_TTL_SECONDS", ttl))).messages,
                ElementsAre(HasSubstr("a whole number from 60 to 2592000")));
}

TEST(SettingsOfTurn, WarnOfASecretThatIsWeakOrNotUsed) {
  auto environment = with("TURN_SECRET", "short");
  environment["ICE_SERVERS"] = "turn:turn.example.org";
  EXPECT_THAT(accepted(sources({}, environment)).warnings,
              ElementsAre(HasSubstr("TURN_SECRET has only 5 bytes")));
  environment["NODE_ENV"] = "production";
  EXPECT_THAT(refused(sources({}, environment)).messages,
              ElementsAre(HasSubstr("TURN_SECRET has only 5 bytes")));
  EXPECT_THAT(accepted(sources({}, with("TURN_SECRET", "tttttttttttttttttt"))).warnings,
              ElementsAre(HasSubstr("TURN_SECRET is not used")));
}

}  // namespace
}  // namespace sfu::server

#include <string>
#include <string_view>

#include "fuzz/script.h"
#include "server/dotenv.h"
#include "server/settings.h"

namespace {

using namespace sfu;
using fuzz::require;
using fuzz::Script;

std::string setting_name(Script& script) {
  const auto table = server::setting_table();
  return std::string(table[script.byte() % table.size()].name);
}

constexpr std::string_view kSecretMark = "QZQZQZ";

/// No secret of the sources stands in a message.
void require_discreet(const server::SettingsExit& exit) {
  for (const std::string& message : exit.messages)
    require(message.find(kSecretMark) == std::string::npos);
}

}  // namespace

/// Settings from a `.env` of any text and from names that there are with any values. Properties:
/// they are read or refused with a reason for each, and no secret is shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  server::SettingsSources sources;
  sources.cores = 4;
  sources.read_file = [](const std::string&) { return std::nullopt; };
  sources.random_secret = [] { return std::string(32, 'r'); };
  // Long or short; told apart from all else, which does not contain its beginning.
  const std::string secret = std::string(kSecretMark) + std::string(script.byte() % 20, 's');
  const bool is_echoed =
      std::string_view(reinterpret_cast<const char*>(data), size).find(kSecretMark) !=
      std::string_view::npos;
  sources.environment["JWT_SECRET"] = secret;
  for (int i = script.byte() % 4; i > 0; --i)
    sources.environment[setting_name(script)] = script.sized_text();
  for (int i = script.byte() % 3; i > 0; --i)
    sources.arguments.push_back(server::command_line_name(setting_name(script)) + "=" +
                                script.sized_text());
  sources.dotenv = script.text(size);
  const server::Dotenv dotenv = server::parse_dotenv(sources.dotenv);
  for (const auto& [key, value] : dotenv.values) require(!key.empty());
  const auto settings = server::parse_settings(sources);
  if (!settings) {
    require(!settings.error().messages.empty());
    if (!is_echoed) require_discreet(settings.error());
    return 0;
  }
  require(settings->num_workers >= 1 && settings->num_workers <= server::kMaxWorkers);
  require(settings->media_min_port <= settings->media_max_port);
  require(!settings->media_listen_ips.empty());
  require(settings->demo || !settings->jwt_secret.empty() || !settings->jwt_public_key_pem.empty());
  return 0;
}

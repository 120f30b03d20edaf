#include <string>

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

/// No secret of the sources stands in a message.
void require_discreet(const server::SettingsExit& exit, const std::string& secret) {
  for (const std::string& message : exit.messages)
    require(secret.size() < 8 || message.find(secret) == std::string::npos);
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
  const std::string secret = script.text(20);
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
    if (sources.environment["JWT_SECRET"] == secret) require_discreet(settings.error(), secret);
    return 0;
  }
  require(settings->num_workers >= 1 && settings->num_workers <= server::kMaxWorkers);
  require(settings->media_min_port <= settings->media_max_port);
  require(!settings->media_listen_ips.empty());
  require(settings->demo || !settings->jwt_secret.empty() || !settings->jwt_public_key_pem.empty());
  return 0;
}

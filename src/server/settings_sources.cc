#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "crypto/random.h"
#include "server/settings.h"

namespace sfu::server {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kSecretBytes = 32;

std::optional<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> block{};
  while (text.size() < kMaxFileBytes && file.read(block.data(), block.size()).gcount() > 0)
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  return text;
}

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

/// The built page in the checkout that this program was built in, or beside where it is installed.
std::string find_page() {
  std::error_code error;
  auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  while (!error && !folder.empty()) {
    for (const auto* page : {"demo/dist", "share/meetlite-sfu/demo"})
      if (std::filesystem::is_regular_file(folder / page / "index.html", error))
        return (folder / page).string();
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
    error.clear();
  }
  return {};
}

std::string random_secret() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint8_t, kSecretBytes> bytes{};
  crypto::SystemRandom().fill(bytes);
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

SettingsSources process_settings_sources(int argc, const char* const* argv) {
  return SettingsSources{
      .arguments = std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
      .environment = read_environment(),
      .dotenv = read_file(".env").value_or(""),
      .cores = std::thread::hardware_concurrency(),
      .page_directory = find_page(),
      .read_file = read_file,
      .random_secret = random_secret,
  };
}

int print_settings_exit(const SettingsExit& exit) {
  for (const auto& message : exit.messages) {
    if (exit.exit_code == 0)
      std::fputs(message.c_str(), stdout);
    else
      std::fprintf(stderr, "meetlite-sfu: %s\n", message.c_str());
  }
  return exit.exit_code;
}

}  // namespace sfu::server

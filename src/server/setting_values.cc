#include "server/setting_values.h"

#include <charconv>

#include "base/log.h"
#include "server/setting_text.h"
#include "server/settings.h"

namespace sfu::server {
namespace {

constexpr std::size_t kMaxShownBytes = 80;

/// A value as a message may show it: in quotes, of bounded length.
std::string shown(std::string_view value) {
  const bool longer = value.size() > kMaxShownBytes;
  std::string text = log_value(value.substr(0, kMaxShownBytes));
  if (!text.starts_with('"')) text = '"' + text + '"';
  return longer ? text + "..." : text;
}

}  // namespace

void SettingValues::add(const std::map<std::string, std::string>& source) {
  for (const auto& setting : setting_table()) {
    const std::string name(setting.name);
    const auto found = source.find(name);
    if (found == source.end()) continue;
    const std::string_view value = trimmed(found->second);
    any_set_ |= name != "NODE_ENV" || value == "production";
    if (!value.empty()) values_.emplace(name, value);
  }
}

std::optional<std::string> SettingValues::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void SettingValues::read_number(const std::string& name, std::size_t least, std::size_t most,
                                std::size_t& number) {
  const auto text = find(name);
  if (!text) return;
  std::size_t parsed = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
  if (error == std::errc{} && end == text->data() + text->size() && parsed >= least &&
      parsed <= most)
    number = parsed;
  else
    refuse(name, *text,
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

void SettingValues::read_port(const std::string& name, std::size_t least, std::uint16_t& port) {
  std::size_t number = port;
  read_number(name, least, 65535, number);
  port = static_cast<std::uint16_t>(number);
}

void SettingValues::read_switch(const std::string& name, bool& is_on) {
  const auto text = find(name);
  if (!text) return;
  if (*text == "on" || *text == "off")
    is_on = *text == "on";
  else
    refuse(name, *text, "on or off");
}

void SettingValues::refuse(const std::string& name, std::string_view value,
                           std::string_view allowed) {
  add_problem(name + " is " + shown(value) + "; allowed: " + std::string(allowed));
}

}  // namespace sfu::server

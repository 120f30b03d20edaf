#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfu::server {

/// What stands in the sources of settings, by name, and what is wrong with it. Each read_*() leaves
/// what it is given as it is where the setting is not set or is refused.
class SettingValues {
 public:
  /// Takes the settings that no earlier source has set. An empty value counts as not set.
  void add(const std::map<std::string, std::string>& source);
  /// Whether a source has a setting at all, be it an empty one. NODE_ENV counts as `production`
  /// alone: other programs set it as well, and only then does it say that this is no trial.
  bool any_set() const { return any_set_; }

  /// The value of a setting that is set, trimmed and not empty.
  std::optional<std::string> find(const std::string& name) const;
  /// A whole number from `least` to `most`.
  void read_number(const std::string& name, std::size_t least, std::size_t most,
                   std::size_t& number);
  void read_port(const std::string& name, std::size_t least, std::uint16_t& port);
  /// "on" or "off".
  void read_switch(const std::string& name, bool& is_on);

  /// Notes that `value`, which is shown, is not `allowed`.
  void refuse(const std::string& name, std::string_view value, std::string_view allowed);
  void add_problem(std::string text) { problems_.push_back(std::move(text)); }
  /// One sentence each, for the operator.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::map<std::string, std::string> values_;
  bool any_set_ = false;
  std::vector<std::string> problems_;
};

}  // namespace sfu::server

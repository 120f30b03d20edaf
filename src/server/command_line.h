#pragma once

#include <map>
#include <string>
#include <vector>

namespace sfu::server {

/// What was asked for on the command line, by the names of setting_table().
struct CommandLine {
  std::map<std::string, std::string> values;
  bool demo = false;
  bool help = false;
  std::vector<std::string> problems;  ///< Unknown arguments, missing values.
};

/// `arguments` without the program's name. Of an option given twice the later counts.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace sfu::server

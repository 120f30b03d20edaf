#include "server/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "server/settings.h"

namespace sfu::server {

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine result;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("--help,-h", result.help);
  app.add_flag("--demo", result.demo);
  std::map<std::string, CLI::Option*> options;
  for (const auto& setting : setting_table()) {
    const std::string name(setting.name);
    options[name] = app.add_option(command_line_name(name))->type_name("VALUE")->take_last();
    options[name]->expected(1);
  }

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ArgumentMismatch&) {
    // Nothing has been read yet; which mode was asked for still decides what else is wrong.
    const auto has = [&](const char* flag) { return std::ranges::count(arguments, flag) > 0; };
    result.help = has("--help") || has("-h");
    result.demo = has("--demo");
    result.problems.push_back(arguments.back() + " needs a value");
    return result;
  } catch (const CLI::ParseError& error) {
    result.problems.push_back(error.what());
    return result;
  }

  bool after_unknown_option = false;
  for (const auto& extra : app.remaining()) {
    const bool option = extra.starts_with('-');
    // What follows an unknown option is most likely its value.
    if (option || !after_unknown_option)
      result.problems.push_back("there is no setting " + log_value(extra) + "; --help lists them");
    after_unknown_option = option;
  }
  for (const auto& [name, option] : options)
    if (option->count() > 0) result.values[name] = option->as<std::string>();
  return result;
}

}  // namespace sfu::server

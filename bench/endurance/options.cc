#include "endurance/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace sfu::endurance {

std::optional<Options> parse_options(int argc, char** argv, int& status) {
  Options options;
  if (const char* secret = std::getenv("JWT_SECRET")) options.secret = secret;
  CLI::App app{
      "Keeps people in meetings for a long time, lets faults befall them, their networks and the "
      "server, and holds everybody's media to go on. Exit status: 0 where it did, 1 where not."};
  app.add_option("--url", options.url, "where the server's HTTP is")->capture_default_str();
  app.add_option("--secret", options.secret, "of its HS256 tokens; also from JWT_SECRET");
  app.add_option("--pid-file", options.pid_file, "holds the server's process")->required();
  app.add_option("--seed", options.seed, "of the faults")->capture_default_str();
  app.add_option("--minutes", options.minutes)->capture_default_str();
  app.add_option("--rooms", options.rooms)->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--people", options.people)->capture_default_str()->check(CLI::Range(2, 5000));
  app.add_option("--interval", options.interval_s, "seconds between faults, on average")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--grace", options.grace_s, "the server's RECONNECT_GRACE_SECONDS")
      ->capture_default_str();
  app.add_option("--only", options.only, "faults of this one kind alone, by its name");
  app.add_option("--json", options.json_file, "where the results go");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error);
    return std::nullopt;
  }
  return options;
}

}  // namespace sfu::endurance

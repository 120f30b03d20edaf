#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sfu::endurance {

struct Options {
  std::string url = "http://127.0.0.1:3003";
  std::string secret;    // Of the tokens.
  std::string pid_file;  // Where whoever watches over the server writes its process.
  std::uint64_t seed = 1;
  double minutes = 60;
  std::uint32_t rooms = 6;
  std::uint32_t people = 30;
  double interval_s = 3;  // Between two faults, on average.
  double grace_s = 10;    // The server's RECONNECT_GRACE_SECONDS.
  std::string only;       // One kind of fault by its name; empty: all.
  std::string json_file;
};

/// Nothing where the command line is wrong or was a question; `status` is then the exit status.
std::optional<Options> parse_options(int argc, char** argv, int& status);

}  // namespace sfu::endurance

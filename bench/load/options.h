#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "crypto/srtp_keys.h"
#include "load/load_shape.h"

namespace sfu::load {

/// What must hold for exit status 0, besides that everything joined and everything was verified.
struct Expectations {
  std::optional<std::uint64_t> loss;    // Packets, at most.
  std::optional<double> p50_us;         // Latency of delta frames (audio: of all), at most.
  std::optional<double> p99_us;         // The same.
  std::optional<double> cpu_us;         // The server's, for each verified packet, at most.
  std::optional<double> join_p50_ms;    // Server time of a viewer's join, at most.
  std::optional<double> answer_p99_ms;  // Of all requests, at most.
  std::optional<double> gap_ms;         // The longest of any viewer, at most.
  std::optional<double> rate;           // Verified packets each second, at least.
};

struct Options {
  std::string url = "http://127.0.0.1:3003";
  std::string secret;  // Of the tokens; empty: the server's demo mode gives them.
  std::string load;    // Its letter, or "free".
  LoadShape shape;
  std::vector<crypto::SrtpProfile> profiles;
  std::uint64_t seed = 1;
  double warmup_s = 3;
  double duration_s = 20;
  double join_timeout_s = 60;
  bool max_rate = false;
  double step_s = 3;
  double step_factor = 1.15;
  int server_pid = 0;    // 0: nothing is read of it.
  int server_core = -1;  // -1: no core's interrupts are read.
  int core = -1;         // Of this process; -1: not pinned.
  Expectations expect;
  std::string json_file;
  std::string plots;
  int poll_interval_us = 200;  // 0: every packet may wake this process.
  bool quiet = false;          // No progress lines.
};

/// What the command line says. Nothing where the process is to end: `status` is then its status,
/// and what there was to say has been said.
std::optional<Options> parse_options(int argc, char** argv, int& status);

}  // namespace sfu::load

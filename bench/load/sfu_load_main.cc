#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>

#include "load/options.h"
#include "load/results.h"
#include "load/run_load.h"

namespace {

using namespace sfu;
using namespace sfu::load;

constexpr int kNotMet = 1;
constexpr int kCannotBegin = 2;

/// Two descriptors for each participant.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Without it the kernel ends short sleeps up to 50 us late.
void wake_on_time() { prctl(PR_SET_TIMERSLACK, 1UL); }

bool pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  return sched_setaffinity(0, sizeof cores, &cores) == 0;
}

/// Draws what `file` holds. What the program says of it goes where ours does.
bool draw(const std::string& file, const std::string& folder) {
  std::string words[] = {"python3", SFU_LOAD_PLOT_SCRIPT, "--out", folder, file};
  char* arguments[std::size(words) + 1] = {};
  for (std::size_t i = 0; i < std::size(words); ++i) arguments[i] = words[i].data();
  std::fflush(stdout);
  pid_t child = 0;
  // Debian's own, which has Debian's matplotlib.
  if (posix_spawn(&child, "/usr/bin/python3", nullptr, nullptr, arguments, environ) != 0)
    return false;
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

/// The results as a file and as pictures, where they are wanted.
bool write_files(Options options, const Outcome& outcome) {
  if (!options.plots.empty()) {
    std::error_code ignored;  // A folder that cannot be made cannot be written to either.
    std::filesystem::create_directories(options.plots, ignored);
    if (options.json_file.empty()) options.json_file = options.plots + "/results.json";
  }
  if (options.json_file.empty()) return true;
  if (!write_json(options, *outcome.metrics, outcome.results)) {
    std::fprintf(stderr, "cannot write %s\n", options.json_file.c_str());
    return false;
  }
  if (options.plots.empty() || draw(options.json_file, options.plots)) return true;
  std::fprintf(stderr, "cannot draw into %s\n", options.plots.c_str());
  return false;
}

int run(const Options& options) {
  const auto outcome = run_load(options);
  if (!outcome) {
    std::fprintf(stderr, "%s\n", outcome.error().c_str());
    return kCannotBegin;
  }
  const Metrics& metrics = *outcome->metrics;
  print_table(options, metrics, outcome->results);
  const bool written = write_files(options, *outcome);
  return written && outcome->results.unmet(options, metrics).empty() ? 0 : kNotMet;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const auto options = parse_options(argc, argv, status);
  if (!options) return status;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  wake_on_time();
  if (options->core >= 0 && !pin_to(options->core)) {
    std::fprintf(stderr, "cannot run on core %d\n", options->core);
    return 2;
  }
  return run(*options);
}

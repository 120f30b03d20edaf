#include "load/server_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sfu::load {
namespace {

namespace fs = std::filesystem;

Nanoseconds ticks(std::uint64_t count) {
  return Nanoseconds(static_cast<std::int64_t>(count * 1'000'000'000 /
                                               static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK))));
}

/// The process and all below it.
std::vector<int> with_descendants(int pid) {
  std::vector<int> all{pid};
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::error_code error;
    for (const auto& task :
         fs::directory_iterator("/proc/" + std::to_string(all[i]) + "/task", error)) {
      std::ifstream children(task.path() / "children");
      for (int child; children >> child;) all.push_back(child);
    }
  }
  return all;
}

void add_process(int pid, ServerUsage& usage) {
  const fs::path folder = "/proc/" + std::to_string(pid);
  std::error_code error;
  for (const auto& task : fs::directory_iterator(folder / "task", error)) {
    std::ifstream schedstat(task.path() / "schedstat");
    std::int64_t running = 0;
    if (schedstat >> running) usage.cpu += Nanoseconds(running);
  }
  std::ifstream stat(folder / "stat");
  std::string text;
  std::getline(stat, text);
  // The command's name may hold anything; the fields that follow its bracket do not (proc(5)).
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  usage.user += ticks(user);
  usage.system += ticks(system);

  std::ifstream statm(folder / "statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (statm >> size >> resident)
    usage.resident_bytes += resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Nanoseconds softirq_of(int core) {
  std::ifstream stat("/proc/stat");
  const std::string wanted = "cpu" + std::to_string(core);
  for (std::string line; std::getline(stat, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    if (name != wanted) continue;
    std::uint64_t user, nice, system, idle, iowait, irq, softirq = 0;
    fields >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
    return ticks(softirq);
  }
  return Nanoseconds(0);
}

}  // namespace

ServerUsage ServerProbe::read() const {
  ServerUsage usage;
  if (pid_ != 0)
    for (const int pid : with_descendants(pid_)) add_process(pid, usage);
  if (core_ >= 0) usage.softirq = softirq_of(core_);
  return usage;
}

}  // namespace sfu::load

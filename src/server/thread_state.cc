#include "server/thread_state.h"

#include <fstream>

namespace sfu::server {
namespace {

/// Of /proc/PID/task/TID/stat (proc(5)): "TID (name) S ...", where the name may have any
/// characters.
char state_in(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat.size() ? stat[name_end + 2] : '?';
}

}  // namespace

std::string describe_thread(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string stat;
  std::getline(file, stat);
  switch (state_in(stat)) {
    case 'R': return "computes";
    case 'S': return "waits";
    case 'D': return "waits for a disk";
    case 'T':
    case 't': return "is held still from outside";
    default: return "does what the kernel does not say";
  }
}

}  // namespace sfu::server

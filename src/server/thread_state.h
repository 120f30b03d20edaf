#pragma once

#include <sys/types.h>

#include <string>

namespace sfu::server {

/// What the kernel says that a thread of this process is at, for people: "computes", "waits".
std::string describe_thread(pid_t thread);

}  // namespace sfu::server

#pragma once

#include <optional>
#include <string>

#include "io/socket_address.h"
#include "load/signaling_connection.h"

namespace sfu::endurance {

/// The server as its watcher sees it: a process, named in a file that is written anew with each.
class ServerProcess {
 public:
  ServerProcess(std::string pid_file, const load::ServerAddress& address)
      : pid_file_(std::move(pid_file)), address_(address) {}

  /// 0 where the file names none.
  int pid() const;
  bool signal(int number) const;
  /// Takes connections.
  bool is_up() const;
  /// What is no HTTP, to its HTTP port, on a connection of its own.
  void send_noise(Bytes noise) const;

 private:
  const std::string pid_file_;
  const load::ServerAddress& address_;
};

}  // namespace sfu::endurance

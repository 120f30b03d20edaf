#include "endurance/server_process.h"

#include <signal.h>
#include <sys/socket.h>

#include <fstream>

#include "io/file_descriptor.h"

namespace sfu::endurance {
namespace {

io::FileDescriptor connect_to(const load::ServerAddress& address) {
  io::FileDescriptor fd(::socket(address.address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd && ::connect(fd.get(), address.address.get(), address.address.length) != 0)
    return io::FileDescriptor();
  return fd;
}

}  // namespace

int ServerProcess::pid() const {
  std::ifstream file(pid_file_);
  int pid = 0;
  return file >> pid ? pid : 0;
}

bool ServerProcess::signal(int number) const {
  const int target = pid();
  return target > 1 && ::kill(target, number) == 0;
}

bool ServerProcess::is_up() const { return static_cast<bool>(connect_to(address_)); }

void ServerProcess::send_noise(Bytes noise) const {
  const io::FileDescriptor fd = connect_to(address_);
  if (fd) ::send(fd.get(), noise.data(), noise.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace sfu::endurance

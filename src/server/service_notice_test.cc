#include "server/service_notice.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

#include "io/file_descriptor.h"

namespace sfu::server {
namespace {

/// The service manager's end.
class Supervisor {
 public:
  explicit Supervisor(std::string name) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address.sun_path);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  std::string heard() {
    char text[200];
    const ssize_t size = recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  io::FileDescriptor socket_;
};

TEST(ServiceNotice, TellsTheManagerAtAPathOrAnAbstractName) {
  const auto folder = std::filesystem::path(testing::TempDir());
  const std::string path = folder / ("notice-" + std::to_string(getpid()));
  for (const std::string& name : {path, "@notice-" + std::to_string(getpid())}) {
    Supervisor manager(name);
    const ServiceNotice notice(name);
    notice.ready();
    EXPECT_EQ(manager.heard(), "READY=1");
    notice.alive();
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
    notice.stopping(std::chrono::milliseconds(1500));
    EXPECT_EQ(manager.heard(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000");
    EXPECT_EQ(manager.heard(), "nothing");
  }
  std::filesystem::remove(path);
}

TEST(ServiceNotice, WithoutAManagerNothingHappens) {
  for (const std::string& name : {std::string(), std::string("/nobody/is/here"),
                                  std::string(500, 'x'), std::string("@nobody")})
    ServiceNotice(name).ready();
}

}  // namespace
}  // namespace sfu::server

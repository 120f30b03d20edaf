#include "load/datagram_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "io/socket_address.h"

namespace sfu::load {
namespace {

// A tool that is kept from running for some milliseconds must not lose what came meanwhile.
constexpr int kReceiveBufferBytes = 4 * 1024 * 1024;
constexpr std::size_t kControlBytes = 64;
static_assert(kControlBytes >= CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(std::uint32_t)));

bool set_option(int fd, int name, int value) {
  return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value) == 0;
}

struct Ancillary {
  Nanoseconds realtime{};
  std::optional<std::uint32_t> overflows;
};

Ancillary read_ancillary(msghdr& message) {
  Ancillary read;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_TIMESTAMPNS) {
      timespec time;
      std::memcpy(&time, CMSG_DATA(header), sizeof time);
      read.realtime = std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
    } else if (header->cmsg_type == SO_RXQ_OVFL) {
      std::uint32_t count;
      std::memcpy(&count, CMSG_DATA(header), sizeof count);
      read.overflows = count;
    }
  }
  return read;
}

}  // namespace

Result<DatagramSocket, std::string> DatagramSocket::connect(const Endpoint& server) {
  const auto failed = [&](std::string_view step) {
    return fail("UDP to " + server.to_string() + ": " + std::string(step) + ": " +
                std::strerror(errno));
  };
  const int family = server.ip.is_v4() ? AF_INET : AF_INET6;
  io::FileDescriptor fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed("socket");
  if (!set_option(fd.get(), SO_RCVBUFFORCE, kReceiveBufferBytes))
    set_option(fd.get(), SO_RCVBUF, kReceiveBufferBytes);
  if (!set_option(fd.get(), SO_TIMESTAMPNS, 1)) return failed("SO_TIMESTAMPNS");
  if (!set_option(fd.get(), SO_RXQ_OVFL, 1)) return failed("SO_RXQ_OVFL");
  const io::SocketAddress address = io::to_sockaddr(server);
  if (::connect(fd.get(), address.get(), address.length) != 0) return failed("connect");
  return DatagramSocket(std::move(fd));
}

void DatagramSocket::send(Bytes datagram) {
  ::send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
}

void DatagramSocket::receive(Nanoseconds realtime_offset, DatagramBatch& batch) {
  std::array<mmsghdr, DatagramBatch::kSize> messages{};
  std::array<iovec, DatagramBatch::kSize> parts;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, DatagramBatch::kSize>
      controls;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    parts[i] = {batch.items[i].bytes.data(), batch.items[i].bytes.size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = controls[i].data();
    messages[i].msg_hdr.msg_controllen = controls[i].size();
  }
  batch.count = 0;
  const int received = ::recvmmsg(fd_.get(), messages.data(), DatagramBatch::kSize, 0, nullptr);
  if (received <= 0) return;
  batch.count = static_cast<std::size_t>(received);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const Ancillary ancillary = read_ancillary(messages[i].msg_hdr);
    batch.items[i].size = messages[i].msg_len;
    batch.items[i].arrived_at = ancillary.realtime + realtime_offset;
    if (ancillary.overflows) overflows_ = *ancillary.overflows;
  }
}

}  // namespace sfu::load

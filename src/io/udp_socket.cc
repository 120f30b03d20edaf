#include "io/udp_socket.h"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "io/socket_address.h"

namespace sfu::io {
namespace {

constexpr std::size_t kControlBytes = 64;
static_assert(kControlBytes >= CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t)));

std::string failure(const Endpoint& local, std::string_view step, int error) {
  return std::string("UDP ") + local.to_string() + ": " + std::string(step) + ": " +
         std::strerror(error);
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

int buffer_size(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  getsockopt(fd, SOL_SOCKET, name, &value, &length);
  return value / 2;  // The kernel tells twice what was asked: its own bookkeeping is in it.
}

/// Control data of one outgoing message, written from the front.
class ControlWriter {
 public:
  explicit ControlWriter(std::span<std::uint8_t, kControlBytes> room) : room_(room) {}

  void add_source(const IpAddress& source) {
    if (source.is_v4()) {
      in_pktinfo info{};
      info.ipi_spec_dst.s_addr = htonl(source.v4_value());
      add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
      add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  void add_datagram_size(std::size_t size) {
    add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(size));
  }
  std::size_t size() const { return size_; }

 private:
  template <class Value>
  void add(int level, int type, const Value& value) {
    const cmsghdr header{
        .cmsg_len = CMSG_LEN(sizeof value), .cmsg_level = level, .cmsg_type = type};
    std::memcpy(room_.data() + size_, &header, sizeof header);
    std::memcpy(room_.data() + size_ + CMSG_LEN(0), &value, sizeof value);
    size_ += CMSG_SPACE(sizeof value);
  }

  std::span<std::uint8_t, kControlBytes> room_;
  std::size_t size_ = 0;
};

}  // namespace

bool kernel_has_segmentation() {
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr int kAnySize = 1200;
  return fd && set_option(fd.get(), IPPROTO_UDP, UDP_SEGMENT, kAnySize);
}

Result<UdpSocket, std::string> UdpSocket::bind(const Endpoint& local) {
  const bool v4 = local.ip.is_v4();
  FileDescriptor fd(
      ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(failure(local, "socket", errno));
  if (!v4 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1))
    return fail(failure(local, "IPV6_V6ONLY", errno));
  const bool knows_destination =
      !local.ip.is_unspecified() || (v4 ? set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1)
                                        : set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
  if (!knows_destination) return fail(failure(local, "packet info", errno));
  // Where the kernel has neither, arrivals are less exact and overflows unseen.
  set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
  // The FORCE forms pass the system's limit and need a privilege; the plain ones take what is
  // allowed.
  if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytes))
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kBufferBytes);
  if (!set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytes))
    set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, kBufferBytes);

  const SocketAddress address = to_sockaddr(local);
  if (::bind(fd.get(), address.get(), address.length) != 0)
    return fail(failure(local, "bind", errno));
  SocketAddress bound;
  if (getsockname(fd.get(), bound.get(), &bound.length) != 0)
    return fail(failure(local, "getsockname", errno));
  return UdpSocket(std::move(fd), from_sockaddr(*bound.get()));
}

UdpSocket::UdpSocket(FileDescriptor socket, Endpoint local)
    : socket_(std::move(socket)), local_(local), batch_(std::make_unique<ReceiveBatch>()) {}

int UdpSocket::buffer_bytes() const {
  return std::min(buffer_size(fd(), SO_RCVBUF), buffer_size(fd(), SO_SNDBUF));
}

std::size_t UdpSocket::receive(PacketArena& arena, std::vector<ReceivedDatagram>& out) {
  const std::size_t room = batch_->refill(arena);
  if (room == 0) return discard();
  ++counters_.receive_calls;
  const std::size_t count = batch_->read(fd());
  for (std::size_t i = 0; i < count; ++i) {
    ReceiveBatch::Message message = batch_->take(i);
    ++counters_.datagrams_received;
    counters_.bytes_received += message.size;
    if (message.overflowed)
      counters_.overflowed += *message.overflowed - std::exchange(overflowed_, *message.overflowed);
    if (!message.buffer) {
      ++counters_.truncated;
      continue;
    }
    const Endpoint local{message.destination.value_or(local_.ip), local_.port};
    out.push_back({{local, message.remote, IpProtocol::Udp},
                   std::move(message.buffer),
                   message.wall_clock_us});
  }
  return count;
}

std::size_t UdpSocket::discard() {
  std::size_t count = 0;
  for (std::uint8_t byte; count < kReceiveBatch; ++count) {
    if (::recv(fd(), &byte, sizeof byte, MSG_DONTWAIT) < 0) break;
  }
  counters_.datagrams_received += count;
  counters_.no_buffer += count;
  return count;
}

DatagramPort::Outcome UdpSocket::transmit(std::span<const DatagramGroup> groups) {
  std::array<mmsghdr, kMaxGroups> messages;
  std::array<iovec, kMaxGroups> parts;
  std::array<SocketAddress, kMaxGroups> receivers;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kMaxGroups> controls;

  const std::size_t count = std::min(groups.size(), kMaxGroups);
  for (std::size_t i = 0; i < count; ++i) {
    const DatagramGroup& group = groups[i];
    receivers[i] = to_sockaddr(group.path.remote);
    parts[i] = {const_cast<std::uint8_t*>(group.bytes.data()), group.bytes.size()};
    ControlWriter control(controls[i]);
    if (local_.ip.is_unspecified()) control.add_source(group.path.local.ip);
    if (group.count() > 1) control.add_datagram_size(group.datagram_size);
    messages[i].msg_hdr = {.msg_name = receivers[i].get(),
                           .msg_namelen = receivers[i].length,
                           .msg_iov = &parts[i],
                           .msg_iovlen = 1,
                           .msg_control = controls[i].data(),
                           .msg_controllen = control.size(),
                           .msg_flags = 0};
  }
  int sent = 0;
  do {
    sent = sendmmsg(fd(), messages.data(), static_cast<unsigned>(count), 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return {0, errno};
  return {static_cast<std::size_t>(sent), 0};
}

}  // namespace sfu::io

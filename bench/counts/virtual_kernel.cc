#include "bench/counts/virtual_kernel.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "io/socket_address.h"

namespace sfu::counts {
namespace {

constexpr std::size_t kMaxUdpPayload = 65'507;
constexpr std::size_t kMtuPayload = 1500 - 28;
constexpr std::size_t kMaxSegments = 128;
constexpr std::size_t kReceiveQueue = 8192;  // Datagrams; some 8 MB, as the worker asks for.

int fail_with(int error) {
  errno = error;
  return -1;
}

template <class Value>
Value read_as(const void* data) {
  Value value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

/// Puts control data where the caller of a receive has room for it.
class ControlWriter {
 public:
  explicit ControlWriter(msghdr& message) : message_(message), room_(message.msg_controllen) {
    message_.msg_controllen = 0;
  }

  template <class Value>
  void add(int level, int type, const Value& value) {
    if (room_ - message_.msg_controllen < CMSG_SPACE(sizeof value)) {
      message_.msg_flags |= MSG_CTRUNC;
      return;
    }
    auto* header = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(message_.msg_control) +
                                              message_.msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    message_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
  const std::size_t room_;
};

struct SendOptions {
  IpAddress source;
  std::size_t segment;
};

SendOptions read_options(const msghdr& message, SendOptions options) {
  for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(header))) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      const auto info = read_as<in_pktinfo>(CMSG_DATA(header));
      options.source = IpAddress::v4(ntohl(info.ipi_spec_dst.s_addr));
    } else if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_SEGMENT) {
      options.segment = read_as<std::uint16_t>(CMSG_DATA(header));
    }
  }
  return options;
}

}  // namespace

void VirtualKernel::arrive(VirtualTime now, const Path& path, Bytes datagram) {
  for (auto& [fd, socket] : sockets_) {
    if (socket.local != path.local) continue;
    SFU_CHECK(socket.queue.size() < kReceiveQueue && "the worker does not keep up");
    socket.queue.push_back({now, path, {datagram.begin(), datagram.end()}});
  }
}

int VirtualKernel::open_socket() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);  // Keeps the number taken.
  if (fd >= 0) sockets_.try_emplace(fd);
  return fd;
}

int VirtualKernel::bind(int fd, const sockaddr& address) {
  sockets_.at(fd).local = io::from_sockaddr(address);
  return 0;
}

int VirtualKernel::local_address(int fd, sockaddr* address, socklen_t* length) const {
  const io::SocketAddress local = io::to_sockaddr(sockets_.at(fd).local);
  std::memcpy(address, local.get(), std::min(*length, local.length));
  *length = local.length;
  return 0;
}

int VirtualKernel::set_option(int fd, int level, int name, const void* value, socklen_t length) {
  if (length != sizeof(int)) return 0;
  if (level == SOL_SOCKET && name == SO_TIMESTAMPNS)
    sockets_.at(fd).stamps = read_as<int>(value) != 0;
  else if (level == IPPROTO_IP && name == IP_PKTINFO)
    sockets_.at(fd).destination = read_as<int>(value) != 0;
  else if (level == IPPROTO_UDP && name == UDP_SEGMENT)
    sockets_.at(fd).segment = static_cast<std::size_t>(read_as<int>(value));
  return 0;
}

ssize_t VirtualKernel::receive(int fd, msghdr& message) {
  mmsghdr one{message, 0};
  const int count = receive(fd, {&one, 1});
  message = one.msg_hdr;
  return count <= 0 ? count : static_cast<ssize_t>(one.msg_len);
}

int VirtualKernel::receive(int fd, std::span<mmsghdr> messages) {
  ++counters_.receive_calls;
  now_ += costs_.receive_call;
  agenda_.run_until(now_);
  Socket& socket = sockets_.at(fd);
  int count = 0;
  for (mmsghdr& message : messages) {
    std::size_t size = 0;
    if (!take(socket, message.msg_hdr, size)) break;
    message.msg_len = static_cast<unsigned>(size);
    ++count;
  }
  now_ += count * costs_.received_datagram;
  counters_.datagrams_received += static_cast<std::uint64_t>(count);
  return count > 0 ? count : fail_with(EAGAIN);
}

bool VirtualKernel::take(Socket& socket, msghdr& message, std::size_t& size) {
  if (socket.queue.empty()) return false;
  const Arrived& arrived = socket.queue.front();
  message.msg_flags = 0;
  for (std::size_t part = 0; part < message.msg_iovlen; ++part) {
    const iovec& room = message.msg_iov[part];
    const std::size_t length = std::min(room.iov_len, arrived.bytes.size() - size);
    std::memcpy(room.iov_base, arrived.bytes.data() + size, length);
    size += length;
  }
  if (size < arrived.bytes.size()) message.msg_flags |= MSG_TRUNC;
  if (message.msg_name) {
    const io::SocketAddress sender = io::to_sockaddr(arrived.path.remote);
    std::memcpy(message.msg_name, sender.get(), std::min(message.msg_namelen, sender.length));
    message.msg_namelen = sender.length;
  }
  ControlWriter control(message);
  if (socket.stamps) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(arrived.time);
    control.add(SOL_SOCKET, SO_TIMESTAMPNS,
                timespec{kWallClockStart + seconds.count(), (arrived.time - seconds).count()});
  }
  if (socket.destination) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = info.ipi_addr.s_addr = htonl(arrived.path.local.ip.v4_value());
    control.add(IPPROTO_IP, IP_PKTINFO, info);
  }
  socket.queue.pop_front();
  return true;
}

ssize_t VirtualKernel::send(int fd, const msghdr& message) {
  return transmit(sockets_.at(fd), message);
}

int VirtualKernel::send(int fd, std::span<mmsghdr> messages) {
  int sent = 0;
  for (mmsghdr& message : messages) {
    const ssize_t size = transmit(sockets_.at(fd), message.msg_hdr);
    if (size < 0) return sent > 0 ? sent : -1;
    message.msg_len = static_cast<unsigned>(size);
    ++sent;
  }
  return sent;
}

ssize_t VirtualKernel::transmit(const Socket& socket, const msghdr& message) {
  ++counters_.send_calls;
  now_ += costs_.send_call;
  gathered_.clear();
  for (std::size_t part = 0; part < message.msg_iovlen; ++part) {
    const auto* data = static_cast<const std::uint8_t*>(message.msg_iov[part].iov_base);
    gathered_.insert(gathered_.end(), data, data + message.msg_iov[part].iov_len);
  }
  const std::size_t total = gathered_.size();
  const auto options = read_options(message, {socket.local.ip, socket.segment});
  const std::size_t segment =
      options.segment == 0 ? std::max<std::size_t>(total, 1) : options.segment;
  if (total > kMaxUdpPayload || segment > kMtuPayload) return fail_with(EMSGSIZE);
  if ((total + segment - 1) / segment > kMaxSegments) return fail_with(EINVAL);

  const Endpoint receiver = io::from_sockaddr(*static_cast<const sockaddr*>(message.msg_name));
  const Path path{receiver, {options.source, socket.local.port}, IpProtocol::Udp};
  for (std::size_t offset = 0; offset < total; offset += segment) {
    now_ += costs_.sent_datagram;
    ++counters_.datagrams_sent;
    deliver_(now_, path, Bytes(gathered_).subspan(offset, std::min(segment, total - offset)));
  }
  counters_.bytes_sent += total;
  return static_cast<ssize_t>(total);
}

void VirtualKernel::watch(int epoll, int operation, int fd, const epoll_event* event) {
  std::erase_if(watched_, [&](const Watched& w) { return w.epoll == epoll && w.fd == fd; });
  if (operation != EPOLL_CTL_DEL) watched_.push_back({epoll, fd, *event});
}

int VirtualKernel::wait(int epoll, std::span<epoll_event> events,
                        std::optional<VirtualTime> timeout) {
  started_.wait();
  ++counters_.waits;
  now_ += costs_.wait;
  const VirtualTime deadline = timeout ? now_ + *timeout : VirtualTime::max();
  bool slept = false;
  int ready = 0;
  for (;;) {
    agenda_.run_until(now_);
    ready = collect_ready(epoll, events);
    if (ready > 0 || now_ >= deadline || stopped_) break;
    now_ = std::min(deadline, agenda_.next());
    SFU_CHECK(now_ != VirtualTime::max() && "nothing will ever happen");
    slept = true;
  }
  if (slept) {
    ++counters_.wake_ups;
    now_ += costs_.wake_up;
  }
  return ready;
}

int VirtualKernel::collect_ready(int epoll, std::span<epoll_event> events) {
  std::size_t ready = 0;
  for (const Watched& watched : watched_) {
    if (watched.epoll != epoll || ready == events.size()) continue;
    const auto socket = sockets_.find(watched.fd);
    if (socket == sockets_.end()) {
      pollfd real{watched.fd, POLLIN, 0};
      // A worker that was stopped is woken by another thread.
      if (poll(&real, 1, stopped_ ? -1 : 0) <= 0) continue;
    } else if (socket->second.queue.empty()) {
      continue;
    }
    events[ready] = watched.event;
    events[ready++].events = EPOLLIN;
  }
  return static_cast<int>(ready);
}

}  // namespace sfu::counts

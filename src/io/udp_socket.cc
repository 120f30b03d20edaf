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

/// A burst of key frames from many senders is a few megabytes; the kernel's default holds 200 KB.
constexpr int kSocketBufferBytes = 8 * 1024 * 1024;

constexpr std::size_t kControlBytes = 64;
static_assert(kControlBytes >= CMSG_SPACE(sizeof(in6_pktinfo)));

std::string failure(const Endpoint& local, std::string_view step, int error) {
  return std::string("UDP ") + local.to_string() + ": " + std::string(step) + ": " +
         std::strerror(error);
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

IpAddress destination_of(const msghdr& message, const IpAddress& otherwise) {
  for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(header))) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      return IpAddress::v4(ntohl(info.ipi_addr.s_addr));
    }
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      std::array<std::uint8_t, 16> bytes;
      std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
      return IpAddress::v6(bytes);
    }
  }
  return otherwise;
}

/// Writes the source address for one outgoing datagram; returns the length of the control data.
std::size_t write_source(const IpAddress& source, std::span<std::uint8_t, kControlBytes> control) {
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (source.is_v4()) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(source.v4_value());
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
  header->cmsg_level = IPPROTO_IPV6;
  header->cmsg_type = IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

}  // namespace

Result<UdpSocket, std::string> UdpSocket::bind(const Endpoint& local) {
  const bool v4 = local.ip.is_v4();
  FileDescriptor fd(
      ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(failure(local, "socket", errno));
  if (!v4 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1))
    return fail(failure(local, "IPV6_V6ONLY", errno));
  const bool wants_destination = v4 ? set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1)
                                    : set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (!wants_destination) return fail(failure(local, "packet info", errno));
  // The FORCE forms pass the system's limit and need a privilege; the plain ones take what is
  // allowed.
  if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kSocketBufferBytes))
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kSocketBufferBytes);
  if (!set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, kSocketBufferBytes))
    set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, kSocketBufferBytes);

  const SocketAddress address = to_sockaddr(local);
  if (::bind(fd.get(), address.get(), address.length) != 0)
    return fail(failure(local, "bind", errno));
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (getsockname(fd.get(), bound.get(), &bound.length) != 0)
    return fail(failure(local, "getsockname", errno));
  return UdpSocket(std::move(fd), from_sockaddr(*bound.get()));
}

std::size_t UdpSocket::receive(PacketArena& arena, std::vector<ReceivedDatagram>& out) {
  std::array<mmsghdr, kReceiveBatch> messages{};
  std::array<iovec, kReceiveBatch> parts;
  std::array<sockaddr_storage, kReceiveBatch> senders;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kReceiveBatch> controls;

  while (spare_.size() < kReceiveBatch) {
    PacketBuffer buffer = arena.allocate();
    if (!buffer) break;
    spare_.push_back(std::move(buffer));
  }
  if (spare_.empty()) return discard();
  for (std::size_t i = 0; i < spare_.size(); ++i) {
    const MutableBytes room = spare_[i].room();
    parts[i] = {room.data(), room.size()};
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = &senders[i];
    header.msg_namelen = sizeof senders[i];
    header.msg_iov = &parts[i];
    header.msg_iovlen = 1;
    header.msg_control = controls[i].data();
    header.msg_controllen = controls[i].size();
  }
  ++counters_.receive_calls;
  const int count =
      recvmmsg(fd(), messages.data(), static_cast<unsigned>(spare_.size()), 0, nullptr);
  if (count <= 0) return 0;

  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const msghdr& header = messages[i].msg_hdr;
    ++counters_.datagrams_received;
    counters_.bytes_received += messages[i].msg_len;
    if (header.msg_flags & MSG_TRUNC) {
      ++counters_.truncated;
      continue;
    }
    spare_[i].set_size(messages[i].msg_len);
    const Endpoint remote = from_sockaddr(reinterpret_cast<const sockaddr&>(senders[i]));
    const Path path{{destination_of(header, local_.ip), local_.port}, remote, IpProtocol::Udp};
    out.push_back({path, std::move(spare_[i])});
  }
  std::erase_if(spare_, [](const PacketBuffer& buffer) { return !buffer; });
  return static_cast<std::size_t>(count);
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

void UdpSocket::send(std::span<const OutgoingDatagram> datagrams) {
  std::array<mmsghdr, kSendBatch> messages;
  std::array<iovec, kSendBatch> parts;
  std::array<SocketAddress, kSendBatch> receivers;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kSendBatch> controls;

  while (!datagrams.empty()) {
    const std::size_t count = std::min(datagrams.size(), kSendBatch);
    for (std::size_t i = 0; i < count; ++i) {
      const OutgoingDatagram& datagram = datagrams[i];
      receivers[i] = to_sockaddr(datagram.path.remote);
      parts[i] = {const_cast<std::uint8_t*>(datagram.bytes.data()), datagram.bytes.size()};
      messages[i] = {};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = receivers[i].get();
      header.msg_namelen = receivers[i].length;
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].data();
      header.msg_controllen = write_source(datagram.path.local.ip, controls[i]);
    }
    ++counters_.send_calls;
    const int sent = sendmmsg(fd(), messages.data(), static_cast<unsigned>(count), 0);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) {  // The first one is refused: without it, the rest may still go.
      ++counters_.send_failed;
      datagrams = datagrams.subspan(1);
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) {
      ++counters_.datagrams_sent;
      counters_.bytes_sent += datagrams[i].bytes.size();
    }
    datagrams = datagrams.subspan(static_cast<std::size_t>(sent));
  }
}

}  // namespace sfu::io

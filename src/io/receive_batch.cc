#include "io/receive_batch.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

namespace sfu::io {
namespace {

template <class Value>
Value value_of(const cmsghdr& header) {
  Value value;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

void read_control(const cmsghdr& header, ReceiveBatch::Message& message) {
  if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_TIMESTAMPNS) {
    const auto stamp = value_of<timespec>(header);
    message.wall_clock_us = std::int64_t{stamp.tv_sec} * 1'000'000 + stamp.tv_nsec / 1000;
  } else if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SO_RXQ_OVFL) {
    message.overflowed = value_of<std::uint32_t>(header);
  } else if (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_PKTINFO) {
    message.destination = IpAddress::v4(ntohl(value_of<in_pktinfo>(header).ipi_addr.s_addr));
  } else if (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_PKTINFO) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), value_of<in6_pktinfo>(header).ipi6_addr.s6_addr, bytes.size());
    message.destination = IpAddress::v6(bytes);
  }
}

}  // namespace

ReceiveBatch::ReceiveBatch() {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    msghdr& header = messages_[i].msg_hdr;
    header.msg_name = senders_[i].get();
    header.msg_iov = &parts_[i];
    header.msg_iovlen = 1;
    header.msg_control = controls_[i].data();
  }
}

std::size_t ReceiveBatch::refill(PacketArena& arena) {
  ready_ = kCapacity;
  for (std::size_t i = 0; i < used_; ++i) {
    if (!buffers_[i]) buffers_[i] = arena.allocate();
    if (!buffers_[i]) {  // As many as there are, at the front.
      ready_ = i;
      break;
    }
    make_ready(i);
  }
  if (ready_ == kCapacity) used_ = 0;
  return ready_;
}

void ReceiveBatch::make_ready(std::size_t index) {
  const MutableBytes room = buffers_[index].room();
  parts_[index] = {room.data(), room.size()};
  msghdr& header = messages_[index].msg_hdr;
  header.msg_namelen = sizeof(sockaddr_in6);
  header.msg_controllen = kControlBytes;
  header.msg_flags = 0;
}

std::size_t ReceiveBatch::read(int fd) {
  const int count =
      recvmmsg(fd, messages_.data(), static_cast<unsigned>(ready_), MSG_DONTWAIT, nullptr);
  const auto received = static_cast<std::size_t>(std::max(count, 0));
  used_ = std::max(used_, received);
  return received;
}

ReceiveBatch::Message ReceiveBatch::take(std::size_t index) {
  const msghdr& header = messages_[index].msg_hdr;
  Message message;
  message.size = messages_[index].msg_len;
  message.remote = from_sockaddr(*senders_[index].get());
  for (const cmsghdr* control = CMSG_FIRSTHDR(&header); control;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), const_cast<cmsghdr*>(control)))
    read_control(*control, message);
  if ((header.msg_flags & MSG_TRUNC) == 0) {
    buffers_[index].set_size(message.size);
    message.buffer = std::move(buffers_[index]);
  }
  return message;
}

}  // namespace sfu::io

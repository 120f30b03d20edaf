#include "bench/micro/fan_out.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace sfu::micro {
namespace {

constexpr std::size_t kHeaderSize = 28;
constexpr std::size_t kTagSize = 16;
constexpr int kBufferBytes = 4 * 1024 * 1024;

/// A socket on a port of loopback that the kernel chooses.
int open_socket(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  SFU_CHECK(fd >= 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SFU_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t length = sizeof address;
  SFU_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return fd;
}

void run_only_on(pthread_t thread, int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(processor), &set);
  SFU_CHECK(pthread_setaffinity_np(thread, sizeof set, &set) == 0);
}

}  // namespace

struct FanOut::Receiver {
  int socket = -1;
  sockaddr_in address{};
  BareGcm cipher;
};

FanOut::FanOut(const Options& options)
    : options_(options),
      payload_(options.packet_size - kHeaderSize, 0x5a),
      buffer_(options.packets * (options.packet_size + kTagSize)) {
  sockaddr_in own;
  socket_ = open_socket(own);
  setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
  for (std::size_t i = 0; i < options.receivers; ++i) {
    Receiver receiver{-1, {}, BareGcm(static_cast<std::uint8_t>(i))};
    receiver.socket = open_socket(receiver.address);
    receivers_.push_back(std::move(receiver));
  }
  if (options.readers != Readers::kOtherCore) return;
  run_only_on(pthread_self(), 0);
  reader_ = std::thread([this] { read_on_other_core(); });
  run_only_on(reader_.native_handle(), 1);
}

FanOut::~FanOut() {
  ends_.store(true);
  if (reader_.joinable()) reader_.join();
  for (const Receiver& receiver : receivers_) close(receiver.socket);
  close(socket_);
}

bool FanOut::send() {
  bool all = true;
  for (Receiver& receiver : receivers_) all = send_to(receiver) && all;
  index_ += options_.packets;
  return all;
}

bool FanOut::send_to(Receiver& receiver) {
  const std::size_t size = options_.packet_size + kTagSize;
  for (std::size_t i = 0; i < options_.packets; ++i) {
    std::uint8_t* packet = buffer_.data() + i * size;
    std::memset(packet, 0x80, kHeaderSize);
    store_be32(buffer_, i * size + 4, static_cast<std::uint32_t>(index_ + i));
    receiver.cipher.seal(index_ + i, {packet, kHeaderSize}, payload_, packet + kHeaderSize);
  }
  iovec part{buffer_.data(), buffer_.size()};
  msghdr message{};
  message.msg_name = &receiver.address;
  message.msg_namelen = sizeof receiver.address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!options_.gso) {
    bool all = true;
    part.iov_len = size;
    for (std::size_t i = 0; i < options_.packets; ++i) {
      part.iov_base = buffer_.data() + i * size;
      all = sendmsg(socket_, &message, 0) == static_cast<ssize_t>(size) && all;
    }
    return all;
  }
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(std::uint16_t))] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto segment = static_cast<std::uint16_t>(size);
  std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
  return sendmsg(socket_, &message, 0) == static_cast<ssize_t>(buffer_.size());
}

void FanOut::drain() {
  if (options_.readers == Readers::kSameCore) read_all();
  if (options_.readers != Readers::kOtherCore) return;
  const std::uint64_t round = asked_.fetch_add(1) + 1;
  while (read_.load() != round) continue;
}

void FanOut::read_all() {
  std::uint8_t byte;
  for (const Receiver& receiver : receivers_)
    while (recv(receiver.socket, &byte, sizeof byte, 0) > 0) continue;
}

void FanOut::read_on_other_core() {
  while (!ends_.load()) {
    const std::uint64_t round = asked_.load();
    if (read_.load() == round) continue;
    read_all();
    read_.store(round);
  }
}

}  // namespace sfu::micro

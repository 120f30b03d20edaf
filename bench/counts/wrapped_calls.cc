#include "bench/counts/wrapped_calls.h"

#include <sys/uio.h>

#include <ctime>

#include "base/check.h"
#include "bench/counts/counting.h"

// The linker sends each call of the program here (its --wrap option).

namespace sfu::counts {
namespace {

VirtualKernel* g_kernel = nullptr;

constexpr VirtualTime kNanosecond{1};

std::optional<VirtualTime> to_span(const timespec* timeout) {
  if (!timeout) return std::nullopt;
  return std::chrono::seconds(timeout->tv_sec) + timeout->tv_nsec * kNanosecond;
}

bool is_virtual(int fd) { return g_kernel && g_kernel->owns(fd); }

/// One buffer as a message, for the calls that take no msghdr.
struct Message {
  Message(void* data, std::size_t size) : part{data, size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  iovec part;
  msghdr header{};
};

}  // namespace

KernelInUse::KernelInUse(VirtualKernel& kernel) { g_kernel = &kernel; }
KernelInUse::~KernelInUse() { g_kernel = nullptr; }

extern "C" {

int __real_close(int);
int __real_bind(int, const sockaddr*, socklen_t);
int __real_getsockname(int, sockaddr*, socklen_t*);
int __real_setsockopt(int, int, int, const void*, socklen_t);
int __real_getsockopt(int, int, int, void*, socklen_t*);
int __real_connect(int, const sockaddr*, socklen_t);

int __wrap_socket(int, int type, int) {
  const Uncounted uncounted;
  SFU_CHECK(g_kernel && (type & SOCK_DGRAM));
  return g_kernel->open_socket();
}

int __wrap_close(int fd) {
  const Uncounted uncounted;
  if (is_virtual(fd)) g_kernel->close(fd);
  return __real_close(fd);
}

int __wrap_bind(int fd, const sockaddr* address, socklen_t length) {
  const Uncounted uncounted;
  return is_virtual(fd) ? g_kernel->bind(fd, *address) : __real_bind(fd, address, length);
}

int __wrap_connect(int fd, const sockaddr* address, socklen_t length) {
  const Uncounted uncounted;
  return is_virtual(fd) ? 0 : __real_connect(fd, address, length);
}

int __wrap_getsockname(int fd, sockaddr* address, socklen_t* length) {
  const Uncounted uncounted;
  return is_virtual(fd) ? g_kernel->local_address(fd, address, length)
                        : __real_getsockname(fd, address, length);
}

int __wrap_setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const Uncounted uncounted;
  return is_virtual(fd) ? g_kernel->set_option(fd, level, name, value, length)
                        : __real_setsockopt(fd, level, name, value, length);
}

int __wrap_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  const Uncounted uncounted;
  return is_virtual(fd) ? 0 : __real_getsockopt(fd, level, name, value, length);
}

ssize_t __wrap_recvmsg(int fd, msghdr* message, int) {
  const Uncounted uncounted;
  return g_kernel->receive(fd, *message);
}

ssize_t __wrap_recv(int fd, void* room, size_t size, int) {
  const Uncounted uncounted;
  Message message(room, size);
  return g_kernel->receive(fd, message.header);
}

int __wrap_recvmmsg(int fd, mmsghdr* messages, unsigned count, int, timespec*) {
  const Uncounted uncounted;
  return g_kernel->receive(fd, std::span(messages, count));
}

ssize_t __wrap_sendmsg(int fd, const msghdr* message, int) {
  const Uncounted uncounted;
  return g_kernel->send(fd, *message);
}

ssize_t __wrap_sendto(int fd, const void* data, size_t size, int, const sockaddr* to,
                      socklen_t length) {
  const Uncounted uncounted;
  Message message(const_cast<void*>(data), size);
  message.header.msg_name = const_cast<sockaddr*>(to);
  message.header.msg_namelen = length;
  return g_kernel->send(fd, message.header);
}

ssize_t __wrap_send(int, const void*, size_t, int) {
  SFU_CHECK(false && "the virtual kernel has no connected sockets");
}

int __wrap_sendmmsg(int fd, mmsghdr* messages, unsigned count, int) {
  const Uncounted uncounted;
  return g_kernel->send(fd, std::span(messages, count));
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  const Uncounted uncounted;
  g_kernel->watch(epoll, operation, fd, event);
  return 0;
}

int __wrap_epoll_pwait2(int epoll, epoll_event* events, int count, const timespec* timeout,
                        const sigset_t*) {
  const Uncounted uncounted;
  return g_kernel->wait(epoll, {events, static_cast<std::size_t>(count)}, to_span(timeout));
}

int __wrap_epoll_wait(int epoll, epoll_event* events, int count, int timeout_ms) {
  const Uncounted uncounted;
  return g_kernel->wait(epoll, {events, static_cast<std::size_t>(count)},
                        timeout_ms < 0
                            ? std::nullopt
                            : std::optional<VirtualTime>(std::chrono::milliseconds(timeout_ms)));
}

int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  const Uncounted uncounted;
  const auto since_start = g_kernel ? g_kernel->now() : VirtualTime{};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  time->tv_sec = seconds.count() + (wall ? kWallClockStart : kMonotonicClockStart);
  time->tv_nsec = (since_start - seconds).count();
  return 0;
}

}  // extern "C"

}  // namespace sfu::counts

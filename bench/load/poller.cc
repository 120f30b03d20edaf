#include "load/poller.h"

#include <algorithm>
#include <ctime>

#include "base/check.h"

namespace sfu::load {

namespace {

timespec to_timespec(TimeDelta span) {
  const std::int64_t us = std::max<std::int64_t>(span.count(), 0);
  return {us / 1'000'000, us % 1'000'000 * 1000};
}

}  // namespace

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) { SFU_CHECK(fd_); }

void Poller::watch(int fd, std::uint32_t slot, Kind kind) {
  epoll_event event{};
  event.events = kind == Kind::Signaling ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN;
  event.data.u64 = std::uint64_t{slot} << 1 | (kind == Kind::Media ? 1u : 0u);
  SFU_CHECK(::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

std::span<const Poller::Ready> Poller::wait(TimeDelta patience, TimeDelta nap) {
  if (nap == TimeDelta(0)) return poll(patience);
  const auto ready = poll(TimeDelta(0));
  if (!ready.empty()) return ready;
  const timespec rest = to_timespec(std::min(patience, nap));
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
  return poll(TimeDelta(0));
}

std::span<const Poller::Ready> Poller::poll(TimeDelta patience) {
  const timespec timeout = to_timespec(patience);
  const int count = ::epoll_pwait2(fd_.get(), events_.data(), kBatch, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t data = events_[static_cast<std::size_t>(i)].data.u64;
    ready_[static_cast<std::size_t>(i)] = {static_cast<std::uint32_t>(data >> 1),
                                           (data & 1) != 0 ? Kind::Media : Kind::Signaling};
  }
  return std::span(ready_).first(static_cast<std::size_t>(std::max(count, 0)));
}

}  // namespace sfu::load

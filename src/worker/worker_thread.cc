#include "worker/worker_thread.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "io/clock.h"
#include "worker/batch_sender.h"

namespace sfu::worker {
namespace {

/// Batches read from one socket before the core flushes: bounds the time to the first answer.
constexpr int kReceiveRounds = 4;

/// The longest sleep where the core has no deadline, so that the load stays fresh.
constexpr TimeDelta kLongestWait = std::chrono::seconds(1);

timespec to_timespec(TimeDelta span) {
  const auto us = std::max<TimeDelta::rep>(span.count(), 0);
  return {static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000 * 1000)};
}

void watch(int epoll, int fd, std::uint32_t events = EPOLLIN) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  SFU_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

}  // namespace

WorkerThread::WorkerThread(Config config, std::vector<io::UdpSocket> sockets,
                           std::unique_ptr<RandomSource> random, Deliver deliver)
    : config_(std::move(config)),
      random_(std::move(random)),
      deliver_(std::move(deliver)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_up_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      core_(config_.core, *random_),
      sockets_(std::move(sockets)) {
  SFU_CHECK(epoll_ && wake_up_);
  watch(epoll_.get(), wake_up_.get());
  for (const io::UdpSocket& socket : sockets_) watch(epoll_.get(), socket.fd());
  if (config_.links)
    watch(epoll_.get(), config_.links->wake_up_fd(config_.index), EPOLLIN | EPOLLET);
  thread_ = std::thread([this] { run(); });
  const std::string name = "media-" + std::to_string(config_.index);
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

WorkerThread::~WorkerThread() {
  stopping_ = true;
  wake();
  thread_.join();
}

void WorkerThread::post(core::RequestId request, core::Command command) {
  bool was_empty = false;
  if (!mailbox_.push({request, std::move(command)}, was_empty)) {
    std::vector<core::Event> refusal;
    refusal.emplace_back(core::Reply{request, fail(core::CommandError::LimitReached)});
    deliver_(std::move(refusal));
    return;
  }
  if (was_empty) wake();
}

bool WorkerThread::pin(int processor) {
  if (processor < 0 || processor >= CPU_SETSIZE) return false;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(processor), &only);
  return pthread_setaffinity_np(thread_.native_handle(), sizeof only, &only) == 0;
}

void WorkerThread::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_up_.get(), &one, sizeof one);
}

void WorkerThread::run() {
  BatchSender sender(sockets_);
  load_since_ = io::monotonic_now();
  while (!stopping_) {
    wait(io::monotonic_now());
    const Timestamp now = io::monotonic_now();
    handle_commands(now);
    handle_links(now);
    handle_datagrams(now);
    core_.handle_timeout(now);
    flush_links(now);
    core_.flush(now, sender);
    sender.send();
    deliver_events();
  }
  core_.flush(io::monotonic_now(), sender);
  sender.send();
}

void WorkerThread::wait(Timestamp now) {
  const Timestamp deadline =
      std::min(core_.next_timeout().value_or(Timestamp::max()), now + kLongestWait);
  const timespec timeout = to_timespec(deadline - now);
  epoll_event events[8];
  epoll_pwait2(epoll_.get(), events, static_cast<int>(std::size(events)), &timeout, nullptr);
  measure_load(now, io::monotonic_now());
}

void WorkerThread::measure_load(Timestamp before, Timestamp after) {
  waited_ += after - before;
  const TimeDelta elapsed = after - load_since_;
  if (elapsed < std::chrono::seconds(1)) return;
  load_ = 1.0 - std::min(1.0, static_cast<double>(waited_.count()) /
                                  static_cast<double>(elapsed.count()));
  waited_ = TimeDelta(0);
  load_since_ = after;
}

void WorkerThread::handle_commands(Timestamp now) {
  std::uint64_t count = 0;
  if (::read(wake_up_.get(), &count, sizeof count) != sizeof count) return;
  mailbox_.take_all(commands_);
  for (Posted& posted : commands_)
    core_.handle_command(now, posted.request, std::move(posted.command));
  commands_.clear();
}

void WorkerThread::handle_links(Timestamp now) {
  if (!config_.links) return;
  config_.links->read(config_.index,
                      [&](Bytes message) { core_.handle_link_message(now, message); });
}

/// Before anything is sent from here: the other workers send while this one does.
void WorkerThread::flush_links(Timestamp now) {
  if (!config_.links) return;
  core_.flush_links(now);
  config_.links->publish(config_.index);
}

void WorkerThread::handle_datagrams(Timestamp now) {
  for (io::UdpSocket& socket : sockets_) {
    for (int round = 0; round < kReceiveRounds; ++round) {
      const std::size_t count = socket.receive(core_.arena(), received_);
      for (io::ReceivedDatagram& datagram : received_)
        core_.handle_datagram(now, datagram.path, std::move(datagram.buffer));
      received_.clear();
      if (count < io::UdpSocket::kReceiveBatch) break;
    }
  }
}

void WorkerThread::deliver_events() {
  std::vector<core::Event> events;
  while (auto event = core_.poll_event()) {
    if (auto* reply = std::get_if<core::Reply>(&*event); reply && reply->result) {
      if (auto* stats = std::get_if<core::WorkerStats>(&*reply->result)) complete(*stats);
    }
    events.push_back(std::move(*event));
  }
  if (!events.empty()) deliver_(std::move(events));
}

/// Adds what only the thread knows: its sockets, its load, its share of the processor.
void WorkerThread::complete(core::WorkerStats& stats) const {
  for (const io::UdpSocket& socket : sockets_) {
    const io::UdpSocket::Counters& counters = socket.counters();
    stats.packets_received += counters.datagrams_received;
    stats.bytes_received += counters.bytes_received;
    stats.packets_sent += counters.datagrams_sent;
    stats.bytes_sent += counters.bytes_sent;
    stats.packets_dropped += counters.truncated + counters.no_buffer + counters.send_failed;
  }
  stats.loop_load = load_;
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  stats.user_time_us = usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec;
  stats.system_time_us = usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec;
  stats.max_rss_kb = usage.ru_maxrss;
}

}  // namespace sfu::worker

#include "worker/worker_thread.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "io/clock.h"
#include "io/time_slice.h"

namespace sfu::worker {
namespace {

/// Batches read from one socket before the core flushes: bounds the time to the first answer.
constexpr int kReceiveRounds = 4;

/// Datagrams between two looks at whether the batch is full.
constexpr std::size_t kReceivedAtOnce = 8;

/// Of a turn, where many commands wait.
constexpr int kPartForCommands = 4;

/// How late a wait may end, so that timers can be joined. The default of 50 µs is as long as a
/// flush waits for the next packet of a frame.
constexpr unsigned long kTimerSlackNs = 1000;

/// With a slice shorter than anybody else's, a worker that wakes interrupts the service thread, or
/// a neighbour on its processor, instead of waiting for the end of their slice of some
/// milliseconds.
constexpr TimeDelta kTimeSlice = std::chrono::microseconds(100);

timespec to_timespec(TimeDelta span) {
  const auto us = std::max<TimeDelta::rep>(span.count(), 0);
  return {static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000 * 1000)};
}

/// What epoll tells of: a socket by its index, or one of these.
constexpr std::uint32_t kWakeUp = 32;
constexpr std::uint32_t kLinks = 33;
constexpr std::uint32_t kStreams = 34;

void watch(int epoll, int fd, std::uint32_t what, std::uint32_t events = EPOLLIN) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = what;
  SFU_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

}  // namespace

WorkerThread::WorkerThread(Config config, std::vector<io::UdpSocket> sockets,
                           std::unique_ptr<RandomSource> random, Deliver deliver,
                           std::vector<io::TcpListener> listeners)
    : config_(std::move(config)),
      random_(std::move(random)),
      deliver_(std::move(deliver)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      dozing_(epoll_create1(EPOLL_CLOEXEC)),
      wake_up_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      core_(config_.core, *random_),
      sockets_(std::move(sockets)),
      streams_(core_, std::move(listeners)),
      sender_(sockets_, streams_, config_.segmentation),
      told_segmentation_(config_.segmentation) {
  SFU_CHECK(epoll_ && dozing_ && wake_up_ && sockets_.size() < kWakeUp);
  watch(epoll_.get(), wake_up_.get(), kWakeUp);
  watch(dozing_.get(), wake_up_.get(), kWakeUp);
  for (std::size_t i = 0; i < sockets_.size(); ++i)
    watch(epoll_.get(), sockets_[i].fd(), static_cast<std::uint32_t>(i));
  if (const auto streams = streams_.fd()) watch(epoll_.get(), *streams, kStreams);
  if (config_.links)
    watch(epoll_.get(), config_.links->wake_up_fd(config_.index), kLinks, EPOLLIN | EPOLLET);
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
  prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
  io::request_time_slice(kTimeSlice);
  load_since_ = io::monotonic_now();
  while (!stopping_) turn(wait());
  flush(io::monotonic_now());
}

Timestamp WorkerThread::wait() {
  heartbeat_.begin_turn();
  const Timestamp before = io::monotonic_now();
  if (turn_began_) {
    last_turn_ = before - *turn_began_;
    turns_.add(last_turn_);
  }
  const WaitPolicy::Plan plan = wait_policy_.plan(before, outlook());
  ready_ = {};
  wait_on(plan.dozes ? dozing_ : epoll_, plan.at_most);
  if (plan.dozes) {
    ready_.sockets = ~std::uint32_t{0};  // Nobody looked.
    ready_.streams = !streams_.empty();
  }
  ++wake_ups_;
  const Timestamp after = io::monotonic_now();
  wait_policy_.note_waited(after - before);
  measure_load(before, after);
  turn_began_ = after;
  return after;
}

WaitPolicy::Outlook WorkerThread::outlook() {
  const auto core_due = core_.next_timeout();
  const auto streams_due = streams_.next_timeout();
  return {.has_work = !commands_.empty() || !received_.empty(),
          .flush_due = core_.flush_due(),
          .timer_due = core_due && streams_due ? std::min(*core_due, *streams_due)
                       : core_due              ? core_due
                                               : streams_due};
}

void WorkerThread::wait_on(const io::FileDescriptor& epoll, TimeDelta at_most) {
  const timespec timeout = to_timespec(at_most);
  std::array<epoll_event, 8> events;
  const int count =
      epoll_pwait2(epoll.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t what = events[static_cast<std::size_t>(i)].data.u32;
    if (what == kWakeUp)
      ready_.wake_up = true;
    else if (what == kStreams)
      ready_.streams = true;
    else if (what != kLinks)
      ready_.sockets |= 1u << what;
  }
}

void WorkerThread::turn(Timestamp now) {
  handle_commands(now);
  handle_links(now);
  handle_datagrams(now);
  handle_streams(now);
  heartbeat_.enter(Stage::Timers);
  core_.handle_timeout(now);
  flush_if_due(now);
  if (!streams_.empty() && !core_.flush_due()) streams_.close_released(now);
  deliver_events();
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

/// Some of them, where there are many: all packets wait meanwhile, of every meeting.
void WorkerThread::handle_commands(Timestamp now) {
  if (commands_.empty()) take_commands();
  const Timestamp until = now + last_turn_ / kPartForCommands;
  for (std::size_t count = 0; carried_out_ < commands_.size(); ++carried_out_, ++count) {
    if (count == kMostCommandsInTurn) break;
    if (count >= kCommandsInTurn && io::monotonic_now() >= until) break;
    Posted& posted = commands_[carried_out_];
    heartbeat_.enter(Stage::Command, static_cast<std::uint8_t>(posted.command.index()));
    core_.handle_command(now, posted.request, std::move(posted.command));
  }
  if (carried_out_ < commands_.size()) return;
  commands_.clear();
  carried_out_ = 0;
}

void WorkerThread::take_commands() {
  if (!ready_.wake_up) return;
  std::uint64_t count = 0;
  if (::read(wake_up_.get(), &count, sizeof count) == sizeof count) mailbox_.take_all(commands_);
}

void WorkerThread::handle_links(Timestamp now) {
  if (!config_.links) return;
  heartbeat_.enter(Stage::Links);
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
  if (ready_.sockets == 0 && received_.empty()) return;
  heartbeat_.enter(Stage::Datagrams);
  arrivals_.begin(now, io::wall_clock_us());
  if (!received_.empty() && !handle_received()) return;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if ((ready_.sockets >> i & 1u) == 0) continue;
    for (int round = 0; round < kReceiveRounds; ++round) {
      const std::size_t count = sockets_[i].receive(core_.arena(), received_);
      if (!handle_received()) return;
      if (count < io::UdpSocket::kReceiveBatch) break;
    }
  }
}

/// False where some have to wait for the next turn.
bool WorkerThread::handle_received() {
  for (std::size_t i = std::exchange(handled_, 0); i < received_.size(); ++i) {
    if (i % kReceivedAtOnce == kReceivedAtOnce - 1 && core_.is_batch_full()) {
      handled_ = i;
      return false;
    }
    io::ReceivedDatagram& datagram = received_[i];
    core_.handle_datagram(arrivals_.arrival(datagram.wall_clock_us), datagram.path,
                          std::move(datagram.buffer));
  }
  received_.clear();
  return true;
}

void WorkerThread::handle_streams(Timestamp now) {
  if (!streams_.empty() || ready_.streams) heartbeat_.enter(Stage::Streams);
  if (ready_.streams) streams_.handle_ready(now);
  streams_.handle_timeout(now);
}

void WorkerThread::flush_if_due(Timestamp now) {
  const auto due = core_.flush_due();
  if (due && *due > now && !core_.is_batch_full()) {
    if (!held_since_) held_since_ = now;
    return;
  }
  flush_links(now);
  if (due) flush(now);
}

void WorkerThread::flush(Timestamp now) {
  sender_.begin(now);
  heartbeat_.enter(Stage::Sending);
  core_.flush(now, sender_);
  sender_.send();
  ++flushes_;
  if (!held_since_) return;
  ++flushes_held_;
  held_ += now - *held_since_;
  held_since_.reset();
}

void WorkerThread::deliver_events() {
  std::vector<core::Event> events;
  if (told_segmentation_ && !sender_.groups().segmentation()) {
    told_segmentation_ = false;
    events.emplace_back(core::Diagnostic{
        core::Diagnostic::Level::Warn,
        "the network refuses groups of datagrams (UDP GSO): each leaves by itself from now on"});
  }
  while (auto event = core_.poll_event()) {
    if (auto* reply = std::get_if<core::Reply>(&*event); reply && reply->result) {
      if (auto* stats = std::get_if<core::WorkerStats>(&*reply->result)) complete(*stats);
    }
    events.push_back(std::move(*event));
  }
  if (events.empty()) return;
  heartbeat_.enter(Stage::Delivering);
  deliver_(std::move(events));
}

/// Adds what only the thread knows: its sockets, its load, its share of the processor.
void WorkerThread::complete(core::WorkerStats& stats) const {
  for (const io::UdpSocket& socket : sockets_) {
    const io::UdpSocket::Counters& received = socket.counters();
    stats.packets_received += received.datagrams_received;
    stats.bytes_received += received.bytes_received;
    stats.packets_dropped += received.truncated + received.no_buffer + received.overflowed;
    stats.receive_calls += received.receive_calls;
    stats.receive_overflows += received.overflowed;
  }
  const io::GroupSender::Counters& sent = sender_.groups().counters();
  stats.packets_sent = sent.datagrams;
  stats.bytes_sent = sent.bytes;
  stats.packets_dropped += sent.failed;
  stats.send_calls = sent.calls;
  stats.send_groups = sent.groups;
  stats.send_failed = sent.failed;
  const StreamConnections::Counters streams = streams_.counters();
  stats.packets_received += streams.packets_received;
  stats.bytes_received += streams.bytes_received;
  stats.packets_sent += streams.packets_sent;
  stats.bytes_sent += streams.bytes_sent;
  stats.packets_dropped += streams.packets_dropped + streams.unreceivable;
  stats.tcp_connections = streams.connections;
  stats.tcp_accepted = streams.accepted;
  stats.tcp_refused = streams.refused + streams.timed_out + streams.crowded_out;
  stats.tcp_packets_received = streams.packets_received;
  stats.tcp_packets_sent = streams.packets_sent;
  stats.tcp_packets_dropped = streams.packets_dropped;
  stats.segmentation = sender_.groups().segmentation();
  stats.segmentation_refused = sent.refused;
  stats.wake_ups = wake_ups_;
  stats.flushes = flushes_;
  stats.flushes_held = flushes_held_;
  stats.held_us = static_cast<std::uint64_t>(held_.count());
  stats.loop_load = load_;
  stats.turns = turns_;
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  stats.user_time_us = usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec;
  stats.system_time_us = usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec;
  stats.max_rss_kb = usage.ru_maxrss;
}

}  // namespace sfu::worker

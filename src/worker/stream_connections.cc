#include "worker/stream_connections.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace sfu::worker {
namespace {

/// What epoll tells of: a place and its generation, which begins at 1, or a listener.
std::uint64_t tag_of(std::uint32_t place, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | place;
}

/// False where the machine has no room for it, which only EPOLL_CTL_ADD needs.
bool control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll, operation, fd, &event) == 0;
}

}  // namespace

StreamConnections::StreamConnections(core::WorkerCore& core, std::vector<io::TcpListener> listeners,
                                     const Limits& limits)
    : core_(core),
      listeners_(std::move(listeners)),
      limits_(limits),
      read_buffer_(new std::uint8_t[kReadBytes]) {
  if (listeners_.empty()) return;
  epoll_ = io::FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  SFU_CHECK(epoll_);
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    SFU_CHECK(control(epoll_.get(), EPOLL_CTL_ADD, listeners_[i].fd(), EPOLLIN,
                      tag_of(static_cast<std::uint32_t>(i), 0)));
}

std::optional<int> StreamConnections::fd() const {
  return epoll_ ? std::optional(epoll_.get()) : std::nullopt;
}

void StreamConnections::handle_ready(Timestamp now) {
  if (!epoll_) return;
  std::array<epoll_event, kEventsInATurn> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsInATurn, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto place = static_cast<std::uint32_t>(event.data.u64);
    const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
    if (generation == 0) {
      accept(now, listeners_[place]);
      continue;
    }
    const auto is_there = [&] {
      return places_[place].connection && places_[place].generation == generation;
    };
    if (is_there() && (event.events & EPOLLOUT) != 0) {
      places_[place].connection->queue.drop_late(now);
      write(place);
    }
    if (is_there() && (event.events & ~std::uint32_t{EPOLLOUT}) != 0) read(now, place);
  }
}

void StreamConnections::handle_timeout(Timestamp now) {
  while (!unproven_.empty() &&
         now - places_[unproven_.front()].connection->opened >= kOpeningTime) {
    ++counters_.timed_out;
    close(now, unproven_.front());
  }
  if (!accept_again_ || *accept_again_ > now) return;
  accept_again_.reset();
  watch_listeners(true);
}

std::optional<Timestamp> StreamConnections::next_timeout() const {
  auto next = accept_again_;
  if (!unproven_.empty()) {
    const Timestamp due = places_[unproven_.front()].connection->opened + kOpeningTime;
    next = std::min(next.value_or(due), due);
  }
  return next;
}

void StreamConnections::watch_listeners(bool watch) {
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    SFU_CHECK(control(epoll_.get(), EPOLL_CTL_MOD, listeners_[i].fd(), watch ? EPOLLIN : 0u,
                      tag_of(static_cast<std::uint32_t>(i), 0)));
}

void StreamConnections::accept(Timestamp now, io::TcpListener& listener) {
  for (std::size_t i = 0; i < kAcceptsInATurn; ++i) {
    auto accepted = listener.accept();
    if (!accepted) {
      if (accepted.error() == io::TcpListener::Refusal::NobodyWaits) return;
      ++counters_.accept_failures;
      accept_again_ = now + kAcceptPause;
      watch_listeners(false);
      return;
    }
    ++counters_.accepted;
    // Where the peer has forgotten the former connection from there, so do we.
    if (const auto former = by_path_.find(accepted->path()); former != by_path_.end())
      close(now, former->second);
    if (make_room(now)) add(now, std::move(*accepted));
  }
}

bool StreamConnections::make_room(Timestamp now) {
  const bool is_full = by_path_.size() >= limits_.connections;
  if (!is_full && unproven_.size() < limits_.unproven) return true;
  ++counters_.crowded_out;
  if (unproven_.empty()) return false;
  close(now, unproven_.front());
  return true;
}

void StreamConnections::add(Timestamp now, io::TcpConnection accepted) {
  if (free_.empty()) {
    free_.push_back(static_cast<Slot>(places_.size()));
    places_.emplace_back();
  }
  const Slot slot = free_.back();
  free_.pop_back();
  Place& place = places_[slot];
  place.generation = place.generation == UINT32_MAX ? 1 : place.generation + 1;
  place.connection = std::make_unique<Connection>(std::move(accepted));
  Connection& connection = *place.connection;
  connection.opened = now;
  connection.unproven = unproven_.insert(unproven_.end(), slot);
  by_path_[connection.socket.path()] = slot;
  if (control(epoll_.get(), EPOLL_CTL_ADD, connection.socket.fd(), EPOLLIN,
              tag_of(slot, place.generation)))
    return;
  ++counters_.accept_failures;
  close(now, slot);
}

void StreamConnections::read(Timestamp now, Slot slot) {
  Connection& connection = *places_[slot].connection;
  const auto [bytes, ended] = connection.socket.read({read_buffer_.get(), kReadBytes});
  Bytes stream(read_buffer_.get(), bytes);
  bool goes_on = !ended;
  while (auto datagram = connection.reader.read(stream, core_.arena())) {
    if (take(now, connection, std::move(*datagram))) continue;
    goes_on = false;
    break;
  }
  // No check is so large: whoever speaks another protocol here is told so at once.
  if (goes_on && connection.unproven && connection.reader.counters().oversized != 0) {
    ++counters_.refused;
    goes_on = false;
  }
  if (!goes_on) close(now, slot);
}

bool StreamConnections::take(Timestamp now, Connection& connection, PacketBuffer datagram) {
  const Path& path = connection.socket.path();
  counters_.bytes_received += datagram.bytes().size();
  if (!connection.unproven) {
    core_.handle_datagram(now, path, std::move(datagram));
    return true;
  }
  switch (core_.open_stream(now, path, std::move(datagram))) {
    case core::StreamOpening::Proved:
      unproven_.erase(*std::exchange(connection.unproven, std::nullopt));
      return true;
    case core::StreamOpening::Unproven: return true;
    case core::StreamOpening::Refused: break;
  }
  ++counters_.refused;
  return false;
}

void StreamConnections::queue(Timestamp now, const io::DatagramGroup& group) {
  const auto found = by_path_.find(group.path);
  if (found == by_path_.end()) {
    counters_.packets_dropped += group.count();
    return;
  }
  Connection& connection = *places_[found->second].connection;
  connection.queue.drop_late(now);
  for (Bytes rest = group.bytes; !rest.empty();) {
    const Bytes datagram = rest.first(std::min(rest.size(), group.datagram_size));
    connection.queue.push(now, datagram);
    rest = rest.subspan(datagram.size());
  }
  if (!std::exchange(connection.has_queued, true)) queued_.push_back(found->second);
}

void StreamConnections::flush() {
  for (const Slot slot : queued_) {
    places_[slot].connection->has_queued = false;
    write(slot);
  }
  queued_.clear();
}

void StreamConnections::write(Slot slot) {
  Connection& connection = *places_[slot].connection;
  connection.queue.consume(connection.socket.write(connection.queue.unwritten()));
  const bool waits = !connection.queue.empty();
  if (waits == std::exchange(connection.waits_to_write, waits)) return;
  const std::uint32_t events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN;
  SFU_CHECK(control(epoll_.get(), EPOLL_CTL_MOD, connection.socket.fd(), events,
                    tag_of(slot, places_[slot].generation)));
}

void StreamConnections::close_released(Timestamp now) {
  while (const auto path = core_.poll_released_stream()) {
    const auto found = by_path_.find(*path);
    if (found != by_path_.end()) close(now, found->second);
  }
}

void StreamConnections::close(Timestamp now, Slot slot) {
  const std::unique_ptr<Connection> ending = std::move(places_[slot].connection);
  add_up(counters_, *ending);
  if (ending->unproven) unproven_.erase(*ending->unproven);
  if (ending->has_queued) std::erase(queued_, slot);
  by_path_.erase(ending->socket.path());
  free_.push_back(slot);
  if (!ending->unproven) core_.handle_stream_end(now, ending->socket.path());
}

void StreamConnections::add_up(Counters& counters, const Connection& connection) {
  const ice::FrameReader::Counters& received = connection.reader.counters();
  const ice::FrameQueue::Counters& sent = connection.queue.counters();
  counters.packets_received += received.frames;
  counters.unreceivable += received.oversized + received.no_buffer;
  counters.packets_sent += sent.frames;
  counters.bytes_sent += sent.bytes;
  counters.packets_dropped += sent.full + sent.late;
}

StreamConnections::Counters StreamConnections::counters() const {
  Counters all = counters_;
  all.connections = by_path_.size();
  for (const Place& place : places_)
    if (place.connection) add_up(all, *place.connection);
  return all;
}

}  // namespace sfu::worker

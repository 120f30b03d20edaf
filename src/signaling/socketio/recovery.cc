#include "signaling/socketio/recovery.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "signaling/base64.h"

namespace sfu::signaling::socketio {

namespace {

constexpr std::size_t kPidBytes = 15;    // 20 characters
constexpr std::size_t kPrefixBytes = 6;  // 8 characters

std::string random_text(RandomSource& random, std::size_t bytes) {
  std::array<std::uint8_t, kPidBytes> buffer{};
  random.fill(MutableBytes(buffer).first(bytes));
  return base64url_encode(Bytes(buffer).first(bytes));
}

std::size_t size_of(const Encoded& event) {
  std::size_t size = 0;
  for (const auto& frame : event.frames) size += frame.data.size();
  return size;
}

bool is_same_block(const Encoded& a, const Encoded& b) {
  return !a.frames.empty() && !b.frames.empty() &&
         a.frames.front().data.bytes().data() == b.frames.front().data.bytes().data();
}

}  // namespace

bool may_know_recovery(std::optional<std::string_view> user_agent) {
  return !user_agent ||
         (!user_agent->starts_with("Python/") && !user_agent->starts_with("python-"));
}

Recovery::Recovery(const Options& options, RandomSource& random)
    : window_(options.recovery_window),
      kept_for_(options.ping_interval + options.ping_timeout + options.recovery_window),
      max_packets_(options.recovery_packets),
      max_bytes_(options.recovery_bytes),
      max_total_bytes_(options.recovery_total_bytes),
      max_ended_(options.max_sessions),
      random_(random),
      prefix_(is_on() ? random_text(random, kPrefixBytes) + "." : std::string()) {}

std::string Recovery::begin(ConnectionId id, std::string nsp, std::string sid, std::string owner) {
  Session& session = sessions_[id];
  session.pid = random_text(random_, kPidBytes);
  session.sid = std::move(sid);
  session.nsp = std::move(nsp);
  session.owner = std::move(owner);
  session.begun_at = session.last = session.lost_until = last_offset_;
  by_pid_.emplace(session.pid, id);
  return session.pid;
}

const Encoded& Recovery::keep(ConnectionId id, const Encoded& event) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return event;
  Session& session = found->second;
  const Encoded& stamped = stamp(event, session.last);
  const std::size_t bytes = size_of(stamped);
  session.last = stamped_offset_;
  session.log.push_back({stamped_offset_, stamped, bytes});
  session.bytes += bytes;
  total_bytes_ += bytes;
  while (session.log.size() > max_packets_ || session.bytes > max_bytes_) drop_oldest(session);
  if (total_bytes_ > max_total_bytes_) make_room(session);
  return stamped;
}

/// Whoever holds no more than an equal part loses nothing by what others are sent.
void Recovery::make_room(Session& latest) {
  const std::size_t part = max_total_bytes_ / sessions_.size();
  if (latest.bytes > part) return drop_until(latest, latest.last);
  for (auto& [id, session] : sessions_)
    if (session.bytes > part) drop_until(session, session.last);
}

/// The offset becomes the last argument: `42["name",{…}]` is sent as `42["name",{…},"offset"]`.
const Encoded& Recovery::stamp(const Encoded& event, std::uint64_t after) {
  if (is_same_block(event, plain_) && stamped_offset_ > after) return stamped_;
  plain_ = event;
  stamped_ = event;
  stamped_offset_ = ++last_offset_;
  std::string text(event.frames.front().data.text());
  SFU_CHECK(text.ends_with(']'));
  text.pop_back();
  text += ",\"" + prefix_ + std::to_string(stamped_offset_) + "\"]";
  stamped_.frames.front().data = SharedBytes(text);
  return stamped_;
}

void Recovery::end(Timestamp now, ConnectionId id) {
  now_ = now;
  if (!sessions_.contains(id)) return;
  ended_.set(id, now + window_);
  if (ended_.size() > max_ended_) forget(*ended_.pop_due(*ended_.next()));
}

void Recovery::forget(ConnectionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  ended_.clear(id);
  total_bytes_ -= found->second.bytes;
  by_pid_.erase(found->second.pid);
  sessions_.erase(found);
}

std::optional<Recovery::Recovered> Recovery::recover(ConnectionId id, std::string_view pid,
                                                     std::optional<std::string_view> offset,
                                                     std::string_view nsp, std::string_view owner) {
  const auto known = by_pid_.find(std::string(pid));
  if (known == by_pid_.end()) return std::nullopt;
  const ConnectionId previous = known->second;
  Session& session = sessions_.at(previous);
  if (session.owner != owner || session.nsp != nsp) return std::nullopt;
  const std::uint64_t seen = seen_by_client(session, offset);
  if (seen < session.lost_until) return std::nullopt;

  drop_until(session, seen);
  Recovered recovered{previous, session.sid, {}};
  for (const Kept& kept : session.log) recovered.missed.push_back(kept.event);
  ended_.clear(previous);
  known->second = id;
  auto entry = sessions_.extract(previous);
  entry.key() = id;
  sessions_.insert(std::move(entry));
  return recovered;
}

/// An offset of another server or session says nothing of this one: then the client has seen none
/// of its events, as the first one would have replaced it.
std::uint64_t Recovery::seen_by_client(const Session& session,
                                       std::optional<std::string_view> offset) const {
  if (!offset || !offset->starts_with(prefix_)) return session.begun_at;
  offset->remove_prefix(prefix_.size());
  std::uint64_t number = 0;
  const char* end = offset->data() + offset->size();
  const auto [stopped, error] = std::from_chars(offset->data(), end, number);
  const bool is_ours = error == std::errc() && stopped == end && number <= session.last;
  return is_ours ? std::max(number, session.begun_at) : session.begun_at;
}

const std::string* Recovery::nsp_of(ConnectionId id) const {
  const auto found = sessions_.find(id);
  return found != sessions_.end() && ended_.contains(id) ? &found->second.nsp : nullptr;
}

void Recovery::drop_oldest(Session& session) {
  const Kept& oldest = session.log.front();
  session.lost_until = oldest.offset;
  session.bytes -= oldest.bytes;
  total_bytes_ -= oldest.bytes;
  session.log.pop_front();
}

void Recovery::drop_until(Session& session, std::uint64_t offset) {
  while (!session.log.empty() && session.log.front().offset <= offset) drop_oldest(session);
}

void Recovery::handle_timeout(Timestamp now) {
  now_ = now;
  while (const auto due = ended_.pop_due(now)) forget(*due);
  if (total_bytes_ > 0 && (marks_.empty() || marks_.back().at + kSweepInterval <= now)) sweep(now);
}

void Recovery::sweep(Timestamp now) {
  marks_.push_back({now, last_offset_});
  std::optional<std::uint64_t> too_old;
  while (marks_.front().at + kept_for_ <= now) {
    too_old = marks_.front().offset;
    marks_.pop_front();
  }
  if (!too_old) return;
  for (auto& [id, session] : sessions_) drop_until(session, *too_old);
}

std::optional<Timestamp> Recovery::next_timeout() const {
  std::optional<Timestamp> next = ended_.next();
  if (total_bytes_ == 0) return next;
  const Timestamp sweep = marks_.empty() ? now_ : marks_.back().at + kSweepInterval;
  return next ? std::min(*next, sweep) : sweep;
}

}  // namespace sfu::signaling::socketio

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/units.h"
#include "signaling/deadlines.h"
#include "signaling/options.h"
#include "signaling/socketio/connection_id.h"
#include "signaling/socketio/packet.h"

namespace sfu::signaling::socketio {

/// Whether a client with this User-Agent may be one that knows recovery. python-socketio does not,
/// and calls its handlers with every argument of an event: one that takes no offset would fail.
bool may_know_recovery(std::optional<std::string_view> user_agent);

/// Socket.IO's connection state recovery. A connection's session has a private id (`pid`, told with
/// the CONNECT) and keeps the events that were sent of late. Each event's last argument is its
/// offset; a client that comes back with pid and offset gets what came after it. Offsets count up
/// over all sessions, so an event that goes to many has one.
///
/// A client needs as long as its heartbeats take to notice that it is cut off, so events are kept
/// for that time and the window together, whether or not the connection has ended.
class Recovery {
 public:
  static constexpr TimeDelta kSweepInterval = std::chrono::seconds(5);

  Recovery(const Options& options, RandomSource& random);

  bool is_on() const { return window_ > TimeDelta(0); }

  /// Begins the session of a new connection. `owner` is who may recover it. Returns its pid.
  std::string begin(ConnectionId id, std::string nsp, std::string sid, std::string owner);

  /// `event` as it has to be sent, with its offset, having kept it; unchanged where the connection
  /// has no session. Valid until the next call.
  const Encoded& keep(ConnectionId id, const Encoded& event);

  /// The connection ended and may come back within the window.
  void end(Timestamp now, ConnectionId id);
  /// The session cannot be recovered any more.
  void forget(ConnectionId id);

  struct Recovered {
    ConnectionId previous;  // Alive still, or not.
    std::string sid;
    std::vector<Encoded> missed;  // In their order.
  };
  /// Hands the session over to connection `id`. Nothing where there is no such session, where it is
  /// another's or another namespace's, or where events were missed that are no longer kept.
  std::optional<Recovered> recover(ConnectionId id, std::string_view pid,
                                   std::optional<std::string_view> offset, std::string_view nsp,
                                   std::string_view owner);

  /// Of a connection that ended and has a session; none otherwise.
  const std::string* nsp_of(ConnectionId id) const;

  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

  std::size_t session_count() const { return sessions_.size(); }
  std::size_t kept_bytes() const { return total_bytes_; }

 private:
  struct Kept {
    std::uint64_t offset;
    Encoded event;
    std::size_t bytes;
  };
  struct Session {
    std::string pid, sid, nsp, owner;
    std::uint64_t begun_at = 0;    // Its events have higher offsets,
    std::uint64_t last = 0;        // up to this one,
    std::uint64_t lost_until = 0;  // and those up to this one are not kept any more.
    std::deque<Kept> log;
    std::size_t bytes = 0;
  };
  /// How far the offsets had counted at a moment: what makes the age of events known.
  struct Mark {
    Timestamp at;
    std::uint64_t offset;
  };

  const Encoded& stamp(const Encoded& event, std::uint64_t after);
  std::uint64_t seen_by_client(const Session& session,
                               std::optional<std::string_view> offset) const;
  void make_room(Session& latest);
  void drop_oldest(Session& session);
  void drop_until(Session& session, std::uint64_t offset);
  void sweep(Timestamp now);

  const TimeDelta window_;
  const TimeDelta kept_for_;
  const std::size_t max_packets_;
  const std::size_t max_bytes_;
  const std::size_t max_total_bytes_;
  const std::size_t max_ended_;
  RandomSource& random_;
  const std::string prefix_;  // Of this server's offsets, so that those of an earlier one are told.
  std::uint64_t last_offset_ = 0;
  std::unordered_map<ConnectionId, Session> sessions_;
  std::unordered_map<std::string, ConnectionId> by_pid_;
  Deadlines<ConnectionId> ended_;
  std::size_t total_bytes_ = 0;
  std::deque<Mark> marks_;
  Timestamp now_;
  // The event that was stamped last: one that goes to many is written once.
  Encoded plain_, stamped_;
  std::uint64_t stamped_offset_ = 0;
};

}  // namespace sfu::signaling::socketio

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <utility>

#include "service/mediasoup_server.h"

// The last minutes of a server: what runs may end, nothing new begins.

namespace sfu::service {
namespace {

json::object draining_payload(TimeDelta left) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
  return {{"deadlineMs", std::max<std::int64_t>(ms, 0)}};
}

}  // namespace

void MediasoupServer::drain(TimeDelta left, std::function<void()> no_meetings) {
  drain_deadline_ = options_.clock() + left;
  no_meetings_ = std::move(no_meetings);
  const auto told = signaling::socketio::Server::encode("server-draining", draining_payload(left));
  for (const auto& [id, connection] : connections_) signaling_.emit(id, told);
  tell_if_no_meetings();
}

bool MediasoupServer::has_meetings() const {
  return !rooms_.empty() || peer_to_peer_.room_count() > 0;
}

bool MediasoupServer::runs(const std::string& room_id) const {
  return rooms_.contains(room_id) || peer_to_peer_.has_room(room_id);
}

/// Later, as whoever ended the last one has still to be answered.
void MediasoupServer::tell_if_no_meetings() {
  if (!drain_deadline_ || has_meetings() || !no_meetings_) return;
  boost::asio::post(executor_, [this] {
    if (!has_meetings() && no_meetings_) std::exchange(no_meetings_, nullptr)();
  });
}

/// Somebody may come back to a meeting that runs, or join it; for another one there is a better
/// server.
bool MediasoupServer::has_no_place_for(const signaling::socketio::Handshake& handshake) const {
  if (!drain_deadline_) return false;
  if (!has_meetings()) return true;
  const auto wanted = handshake.request.parameter("roomId");
  return wanted && !wanted->empty() && !runs(*wanted);
}

void MediasoupServer::tell_of_drain(ConnectionId id) {
  if (!drain_deadline_) return;
  signaling_.emit(id, "server-draining", draining_payload(*drain_deadline_ - options_.clock()));
}

}  // namespace sfu::service

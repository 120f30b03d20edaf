#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ortc/json_reader.h"
#include "service/error_codes.h"
#include "service/requests.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

namespace json = boost::json;

/// An event of a client while it waits for its turn.
struct QueuedRequest {
  std::string event;
  json::value body;  // The first argument; null where there is none.
  std::optional<signaling::socketio::Ack> ack;
  /// The binary parts that the body speaks of, for requests that take them.
  std::vector<std::string> attachments;
  /// Set where it is decided already that the request fails.
  std::optional<Failure> verdict;
  /// As it came; in memory it may be several times as large.
  std::size_t bytes = 0;
};

/// What one connection has asked for and what has not begun, in its order.
class RequestQueue {
 public:
  void push(QueuedRequest request) {
    bytes_ += request.bytes;
    requests_.push_back(std::move(request));
  }
  QueuedRequest pop() {
    QueuedRequest request = std::move(requests_.front());
    requests_.pop_front();
    bytes_ -= request.bytes;
    return request;
  }
  void clear() { *this = {}; }

  bool empty() const { return requests_.empty(); }
  std::size_t size() const { return requests_.size(); }
  std::size_t bytes() const { return bytes_; }
  auto begin() const { return requests_.begin(); }
  auto end() const { return requests_.end(); }

 private:
  std::deque<QueuedRequest> requests_;
  std::size_t bytes_ = 0;
};

/// One request on its way to its answer, which leaves as the acknowledgement where the client asked
/// for one, else as the reply event or as `error`. Everything after the first answer is ignored.
class Request {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  Request(signaling::socketio::Server& signaling, ConnectionId connection, QueuedRequest queued);

  ConnectionId connection() const { return connection_; }
  const std::string& event() const { return queued_.event; }
  const json::value& body() const { return queued_.body; }
  std::vector<std::string> take_attachments() { return std::exchange(queued_.attachments, {}); }
  const RequestInfo* info() const { return info_; }
  const std::optional<Failure>& verdict() const { return queued_.verdict; }
  bool wants_acknowledgement() const { return wants_acknowledgement_; }
  bool is_answered() const { return answered_; }
  const std::optional<Failure>& failure() const { return failure_; }

  /// From now on it is a request of `connection`, which goes on with the session that asked.
  void move_to(ConnectionId connection);

  void succeed(json::object fields = {});
  void fail(ErrorCode code, std::string detail = {});
  void fail(const ortc::InvalidField& field);

 private:
  void emit_failure(std::string_view message);

  signaling::socketio::Server& signaling_;
  ConnectionId connection_;
  QueuedRequest queued_;
  const RequestInfo* const info_;  // nullptr for an unknown event.
  const bool wants_acknowledgement_;
  bool answered_ = false;
  std::optional<Failure> failure_;
};

}  // namespace sfu::service

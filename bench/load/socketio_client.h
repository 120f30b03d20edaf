#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "load/websocket_client.h"

namespace sfu::load {

/// A Socket.IO 5 client (Engine.IO 4, WebSocket alone) over a stream of bytes that somebody else
/// carries. Requests are sent with an acknowledgement; a server that knows none of these answers by
/// an event of the request's own, which is taken as well.
class SocketIoClient {
 public:
  struct Reply {
    bool ok = false;
    boost::json::object fields;
    std::string error;
    TimeDelta elapsed{};  // From the request's writing to the reply's reading.
  };
  using OnReply = std::function<void(Timestamp now, const Reply& reply)>;
  struct Event {
    std::string name;
    boost::json::value payload;
  };
  enum class State : std::uint8_t { Connecting, Connected, Closed };

  SocketIoClient(std::string_view host, std::string_view token, RandomSource& random);

  void handle_bytes(Timestamp now, std::string_view bytes);
  std::optional<Event> poll_event();

  /// `reply_event` is the event that stands for the acknowledgement.
  void request(Timestamp now, std::string_view name, const boost::json::value& payload,
               std::string_view reply_event, OnReply on_reply);
  void close();
  /// As a page that is closed: its WebSocket ends with 1001, and nothing is said before.
  void go_away();

  std::string_view output() const { return socket_.output(); }
  void consume(std::size_t bytes) { socket_.consume(bytes); }

  State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  std::size_t unanswered() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::uint64_t id = 0;
    std::string reply_event;
    Timestamp sent_at;
    OnReply on_reply;
  };

  void handle_packet(Timestamp now, std::string_view packet);
  void handle_message(Timestamp now, std::string_view message);
  void handle_event(Timestamp now, const boost::json::array& arguments);
  void handle_ack(Timestamp now, std::uint64_t id, const boost::json::array& arguments);
  void answer(Timestamp now, std::deque<Waiting>::iterator waiting, Reply reply);
  void fail(std::string_view why);

  WebSocketClient socket_;
  std::string token_;
  State state_ = State::Connecting;
  std::uint64_t next_id_ = 0;
  std::deque<Waiting> waiting_;  // Oldest first.
  std::deque<Event> events_;
  std::string reason_;
};

}  // namespace sfu::load

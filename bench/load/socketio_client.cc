#include "load/socketio_client.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

namespace sfu::load {
namespace {

namespace json = boost::json;

// Engine.IO 4, section "Packet encoding", and Socket.IO 5 within its messages.
constexpr char kOpen = '0';
constexpr char kClose = '1';
constexpr char kPing = '2';
constexpr char kMessage = '4';
constexpr char kConnect = '0';
constexpr char kDisconnect = '1';
constexpr char kEvent = '2';
constexpr char kAck = '3';
constexpr char kConnectError = '4';
constexpr std::string_view kTarget = "/socket.io/?EIO=4&transport=websocket";

/// What a server tells everybody of everybody: in a room of a thousand it is most of what arrives,
/// and nobody here needs it. Such an event is not even read.
constexpr std::string_view kUnread[] = {"[\"participant-joined\"", "[\"participant-left\"",
                                        "[\"existing-participants\"", "[\"audio-levels\""};

bool is_unread(std::string_view event) {
  return std::ranges::any_of(kUnread, [&](auto name) { return event.starts_with(name); });
}

std::string text_or(const json::object& object, std::string_view key, std::string_view otherwise) {
  const json::value* value = object.if_contains(key);
  return std::string(value && value->is_string() ? std::string_view(value->get_string())
                                                 : otherwise);
}

}  // namespace

SocketIoClient::SocketIoClient(std::string_view host, std::string_view token, RandomSource& random)
    : socket_(host, kTarget, random), token_(token) {}

void SocketIoClient::handle_bytes(Timestamp now, std::string_view bytes) {
  socket_.handle_bytes(bytes);
  while (const auto packet = socket_.poll_message()) handle_packet(now, *packet);
  if (socket_.state() == WebSocketClient::State::Closed) fail(socket_.reason());
}

void SocketIoClient::handle_packet(Timestamp now, std::string_view packet) {
  if (packet.empty()) return;
  switch (packet[0]) {
    case kOpen:
      socket_.send(std::string("40") + json::serialize(json::object{{"token", token_}}));
      break;
    case kPing: socket_.send("3" + std::string(packet.substr(1))); break;
    case kMessage: handle_message(now, packet.substr(1)); break;
    case kClose: fail("the server closed the session"); break;
    default: break;
  }
}

void SocketIoClient::handle_message(Timestamp now, std::string_view message) {
  if (message.empty()) return;
  const char type = message[0];
  message.remove_prefix(1);
  std::optional<std::uint64_t> id;
  std::uint64_t number = 0;
  const auto digits = std::from_chars(message.data(), message.data() + message.size(), number);
  if (digits.ptr != message.data()) id = number;
  message.remove_prefix(static_cast<std::size_t>(digits.ptr - message.data()));
  if (type == kEvent && is_unread(message)) return;
  boost::system::error_code error;
  const json::value data = message.empty() ? json::value() : json::parse(message, error);
  if (error) return fail("the server sent what is not JSON");

  if (type == kConnect) {
    if (state_ == State::Connecting) state_ = State::Connected;
  } else if (type == kConnectError) {
    fail("connect_error: " + json::serialize(data));
  } else if (type == kDisconnect) {
    fail("the server disconnected the client");
  } else if (type == kEvent && data.is_array()) {
    handle_event(now, data.get_array());
  } else if (type == kAck && id && data.is_array()) {
    handle_ack(now, *id, data.get_array());
  }
}

void SocketIoClient::handle_event(Timestamp now, const json::array& arguments) {
  if (arguments.empty() || !arguments[0].is_string()) return;
  Event event{std::string(arguments[0].get_string()),
              arguments.size() > 1 ? arguments[1] : json::value()};
  const auto waiting = std::ranges::find(waiting_, event.name, &Waiting::reply_event);
  if (waiting != waiting_.end() && event.payload.is_object()) {
    answer(now, waiting, {.ok = true, .fields = event.payload.get_object(), .error = {}});
  } else if (event.name == "error" && !waiting_.empty() && event.payload.is_object()) {
    // A server without acknowledgements answers in order: it is the oldest request that failed.
    answer(now, waiting_.begin(),
           {.ok = false,
            .fields = {},
            .error = text_or(event.payload.get_object(), "message", "error")});
  } else {
    events_.push_back(std::move(event));
  }
}

void SocketIoClient::handle_ack(Timestamp now, std::uint64_t id, const json::array& arguments) {
  const auto waiting = std::ranges::find(waiting_, id, &Waiting::id);
  if (waiting == waiting_.end()) return;
  Reply reply;
  if (!arguments.empty() && arguments[0].is_object()) {
    reply.fields = arguments[0].get_object();
    const json::value* ok = reply.fields.if_contains("ok");
    reply.ok = !ok || (ok->is_bool() && ok->get_bool());
    const json::value* error = reply.fields.if_contains("error");
    if (error) reply.error = json::serialize(*error);
  } else {
    reply.ok = true;
  }
  answer(now, waiting, std::move(reply));
}

void SocketIoClient::answer(Timestamp now, std::deque<Waiting>::iterator waiting, Reply reply) {
  Waiting answered = std::move(*waiting);
  waiting_.erase(waiting);
  reply.elapsed = now - answered.sent_at;
  if (answered.on_reply) answered.on_reply(now, reply);
}

void SocketIoClient::request(Timestamp now, std::string_view name, const json::value& payload,
                             std::string_view reply_event, OnReply on_reply) {
  const std::uint64_t id = next_id_++;
  socket_.send("42" + std::to_string(id) + json::serialize(json::array{name, payload}));
  waiting_.push_back({id, std::string(reply_event), now, std::move(on_reply)});
}

std::optional<SocketIoClient::Event> SocketIoClient::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void SocketIoClient::close() {
  socket_.send("41");
  socket_.close();
  fail("closed here");
}

void SocketIoClient::go_away() {
  constexpr std::uint16_t kGoingAway = 1001;
  socket_.close(kGoingAway);
  fail("gone away");
}

void SocketIoClient::fail(std::string_view why) {
  if (state_ == State::Closed) return;
  state_ = State::Closed;
  reason_ = why;
}

}  // namespace sfu::load

#include <optional>
#include <string>
#include <unordered_set>

#include "crypto/random.h"
#include "fuzz/script.h"
#include "signaling/engineio/server.h"

namespace {

using namespace sfu::signaling::engineio;
using sfu::HttpRequest;
using sfu::HttpRequestId;
using sfu::Timestamp;
using sfu::WebSocketEnd;
using sfu::WebSocketId;

using sfu::fuzz::require;

void payload_survives_a_round_trip(std::string_view text) {
  const auto packets = decode_payload(text);
  if (!packets) return;
  require(!packets->empty() && packets->size() <= kMaxPacketsInPayload);
  std::string payload;
  std::size_t size = 0;
  for (const Packet& packet : *packets) {
    const Frame frame = packet.binary ? Frame{sfu::SharedBytes(packet.data), true}
                                      : text_frame(packet.type, packet.data);
    size += payload_size(frame) + (payload.empty() ? 0 : 1);
    append_to_payload(frame, payload);
  }
  require(payload.size() == size);
  require(decode_payload(payload) == packets);
}

/// Clients of one server that do what the input says.
class Session {
 public:
  Session() : server_(options(), random_) {}

  void step(std::uint8_t action, std::string text) {
    now_ += std::chrono::milliseconds(action >> 3);
    switch (action & 7) {
      case 0: request("GET", "EIO=4&transport=polling" + sid_parameter(), ""); break;
      case 1: request("POST", "EIO=4&transport=polling" + sid_parameter(), std::move(text)); break;
      case 2: request("GET", std::move(text), ""); break;
      case 3: open_websocket(); break;
      case 4: server_.handle_websocket_message(now_, websocket_, std::move(text), false); break;
      case 5: server_.handle_websocket_message(now_, websocket_, std::move(text), true); break;
      case 6: server_.handle_websocket_closed(now_, websocket_, WebSocketEnd::Closed); break;
      case 7: server_.handle_request_gone(now_, request_); break;
    }
    settle();
    require(open_.size() <= server_.session_count());  // The rest wait for a last poll.
  }

  /// Nobody says anything more.
  void end() {
    constexpr int kRounds = 100;
    for (int round = 0; round < kRounds; ++round) {
      const auto next = server_.next_timeout();
      if (!next) break;
      now_ = *next;
      settle();
    }
    require(server_.session_count() == 0);
    require(open_.empty());
  }

 private:
  static sfu::signaling::Options options() {
    sfu::signaling::Options options;
    options.max_sessions = 4;
    options.max_queued_bytes = 256;
    return options;
  }
  void settle() {
    server_.handle_timeout(now_);
    drain();
    const auto next = server_.next_timeout();
    require(!next || *next > now_);
    require(next.has_value() == (server_.session_count() > 0));
    require(server_.session_count() <= options().max_sessions);
  }
  std::string sid_parameter() const { return sid_.empty() ? "" : "&sid=" + sid_; }

  void request(std::string method, std::string query, std::string body) {
    request_ = HttpRequestId{++last_id_};
    server_.handle_request(now_, request_,
                           {std::move(method), "/", std::move(query), {}, body, {}});
  }
  void open_websocket() {
    const HttpRequest upgrade{"GET", "/", "EIO=4&transport=websocket" + sid_parameter(),
                              {},    "",  {}};
    if (server_.refuse_upgrade(now_, upgrade)) {
      sid_.clear();
      return;
    }
    websocket_ = WebSocketId{++last_id_};
    server_.handle_websocket_open(now_, websocket_, upgrade);
  }
  void drain() {
    while (auto event = server_.poll_event()) {
      if (const auto* opened = std::get_if<Opened>(&*event)) {
        require(ever_opened_.insert(opened->session).second);
        open_.insert(opened->session);
      }
      if (const auto* message = std::get_if<Message>(&*event))
        server_.send(message->session, text_frame(PacketType::Message, message->data));
      if (const auto* closed = std::get_if<Closed>(&*event))
        require(open_.erase(closed->session) == 1);
    }
    while (auto output = server_.poll_output()) {
      const auto* respond = std::get_if<Respond>(&*output);
      if (respond && respond->response.body.starts_with("0{\"sid\":\""))
        sid_ = respond->response.body.substr(9, 20);
    }
    require(!server_.poll_event());
  }

  sfu::crypto::SeededRandom random_{1};
  Server server_;
  Timestamp now_{};
  std::uint64_t last_id_ = 0;
  std::string sid_;
  HttpRequestId request_;
  WebSocketId websocket_;
  std::unordered_set<SessionId> open_;
  std::unordered_set<SessionId> ever_opened_;
};

}  // namespace

/// Properties: what is decoded encodes to what decodes to the same; whatever clients do, in
/// whatever order, each session opens once and closes once, at the latest when nobody says anything
/// any more, and the bounds hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  payload_survives_a_round_trip({reinterpret_cast<const char*>(data), size});
  Session session;
  // Steps of one action, one length, and so much text.
  while (size >= 2) {
    const std::size_t length = std::min<std::size_t>(data[1] & 0x3f, size - 2);
    session.step(data[0], std::string(reinterpret_cast<const char*>(data + 2), length));
    data += 2 + length;
    size -= 2 + length;
  }
  session.end();
  return 0;
}

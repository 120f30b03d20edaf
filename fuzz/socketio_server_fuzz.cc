#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/random.h"
#include "fuzz/script.h"
#include "signaling/engineio/server.h"
#include "signaling/socketio/server.h"

namespace {

using namespace sfu;
using namespace sfu::signaling;
using fuzz::require;
using fuzz::Script;

/// A namespace that holds the server to its order of calls, and answers all it can.
class Listener final : public socketio::Handler {
 public:
  explicit Listener(socketio::Server*& server) : server_(server) {}

  Result<void, socketio::ConnectRefusal> on_connect(socketio::ConnectionId id,
                                                    const socketio::Handshake& handshake) override {
    require(handshake.auth.is_object());
    if (handshake.auth.get_object().contains("no")) return fail(socketio::ConnectRefusal{"no", {}});
    require(connected_.emplace(id, true).second);
    server_->emit(id, "welcome", "you");
    return {};
  }
  void on_event(socketio::ConnectionId id, socketio::Event event) override {
    require(connected_.contains(id));
    if (event.name == "bye") return server_->disconnect(id);
    if (event.name == "drop") return server_->drop(id);
    if (event.ack) server_->acknowledge_arguments(std::move(*event.ack), event.arguments);
    server_->emit_arguments(id, event.name, event.arguments);
  }
  void on_too_deep(socketio::ConnectionId id, std::optional<std::string>,
                   std::optional<socketio::Ack> ack) override {
    require(connected_.contains(id));
    if (ack) server_->acknowledge(std::move(*ack), "deep");
  }
  void on_disconnect(socketio::ConnectionId id, socketio::DisconnectReason) override {
    require(connected_.erase(id) == 1);
  }

  std::size_t count() const { return connected_.size(); }

 private:
  socketio::Server*& server_;
  std::map<socketio::ConnectionId, bool> connected_;
};

class Clients {
 public:
  Clients() {
    server_.add_namespace("/", root_);
    server_.add_namespace("/other", other_);
  }

  void step(Script& script) {
    now_ += std::chrono::milliseconds(script.byte() % 64);
    const std::size_t who = script.byte() % websockets_.size();
    switch (script.byte() % 9) {
      case 0: open(who); break;
      case 1: send(who, "40" + json(script)); break;
      case 2: send(who, "42[\"" + name(script) + "\"," + json(script) + "]"); break;
      case 3: send(who, "42" + std::to_string(script.byte()) + "[\"" + name(script) + "\"]"); break;
      case 4: send(who, "4" + script.sized_text()); break;
      case 5:
        transport_.handle_websocket_message(now_, websockets_[who], script.sized_text(), true);
        break;
      case 6: send(who, "40/other," + json(script)); break;
      case 7:
        transport_.handle_websocket_closed(
            now_, websockets_[who], script.flag() ? WebSocketEnd::GoingAway : WebSocketEnd::Closed);
        break;
      case 8: now_ += std::chrono::seconds(script.byte()); break;
    }
    settle();
  }

  void end() {
    for (const WebSocketId id : websockets_)
      transport_.handle_websocket_closed(now_, id, WebSocketEnd::Closed);
    now_ += std::chrono::hours(1);
    settle();
    now_ += std::chrono::hours(1);
    settle();
    require(root_.count() + other_.count() == 0 && server_.connection_count() == 0);
    require(transport_.session_count() == 0 && !server_.next_timeout());
  }

 private:
  static Options options() {
    Options options;
    options.max_sessions = 4;
    options.max_queued_bytes = 4096;
    return options;
  }
  static std::string name(Script& script) {
    constexpr const char* kNames[] = {"bye", "drop", "say", "connect", "disconnect", "__proto__"};
    return kNames[script.byte() % std::size(kNames)];
  }
  static std::string json(Script& script) {
    constexpr const char* kValues[] = {
        "{}", "{\"no\":1}", "null", "[[[]]]", "{\"_placeholder\":true,\"num\":0}", "7"};
    return kValues[script.byte() % std::size(kValues)];
  }

  void open(std::size_t who) {
    const HttpRequest upgrade{"GET", "/", "EIO=4&transport=websocket", {}, "", {}};
    if (transport_.refuse_upgrade(now_, upgrade)) return;
    transport_.handle_websocket_closed(now_, websockets_[who], WebSocketEnd::Closed);
    websockets_[who] = WebSocketId{++last_id_};
    transport_.handle_websocket_open(now_, websockets_[who], upgrade);
  }
  void send(std::size_t who, std::string text) {
    transport_.handle_websocket_message(now_, websockets_[who], std::move(text), false);
  }
  void settle() {
    transport_.handle_timeout(now_);
    server_.handle_timeout(now_);
    while (auto event = transport_.poll_event())
      server_.handle_transport_event(now_, std::move(*event));
    while (transport_.poll_output()) {
    }
    while (auto event = transport_.poll_event())
      server_.handle_transport_event(now_, std::move(*event));
    require(root_.count() + other_.count() == server_.connection_count());
  }

  crypto::SeededRandom random_{1};
  engineio::Server transport_{options(), random_};
  sfu::UnfinishedBytes unfinished_{options().max_unfinished_bytes};
  socketio::Server server_{options(), transport_, random_, unfinished_};
  socketio::Server* itself_ = &server_;
  Listener root_{itself_};
  Listener other_{itself_};
  Timestamp now_{std::chrono::seconds(1000)};
  std::uint64_t last_id_ = 10;
  std::array<WebSocketId, 3> websockets_{WebSocketId{1}, WebSocketId{2}, WebSocketId{3}};
};

}  // namespace

/// Properties: each connection connects once and ends once, nothing is heard of it before or after,
/// and when all transports have gone nothing is left.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  Clients clients;
  while (!script.done()) clients.step(script);
  clients.end();
  return 0;
}

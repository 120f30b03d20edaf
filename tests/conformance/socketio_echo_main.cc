// The echo server that the protocol suites of Engine.IO 4 and Socket.IO 5 expect.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>

#include "crypto/random.h"
#include "signaling/gateway.h"

namespace {

namespace engineio = sfu::signaling::engineio;
using sfu::signaling::socketio::Ack;
using sfu::signaling::socketio::Arguments;
using sfu::signaling::socketio::ConnectionId;
using sfu::signaling::socketio::ConnectRefusal;
using sfu::signaling::socketio::DisconnectReason;
using sfu::signaling::socketio::Event;
using sfu::signaling::socketio::Handler;
using sfu::signaling::socketio::Handshake;
using sfu::signaling::socketio::Server;

/// The suites listen for one message at a time: two that arrive in one read are one too many.
constexpr auto kBetweenMessages = std::chrono::milliseconds(10);

class Echo final : public Handler {
 public:
  Echo(boost::asio::io_context& context, Server& server) : context_(context), server_(server) {}

  sfu::Result<void, ConnectRefusal> on_connect(ConnectionId id,
                                               const Handshake& handshake) override {
    auto timer = std::make_unique<boost::asio::steady_timer>(context_, kBetweenMessages);
    auto& wait = *timer;
    wait.async_wait([this, id, auth = handshake.auth, timer = std::move(timer)](const auto& error) {
      if (!error) server_.emit(id, "auth", auth);
    });
    return {};
  }
  void on_event(ConnectionId id, Event event) override {
    if (event.name == "message") server_.emit_arguments(id, "message-back", event.arguments);
    if (event.name == "message-with-ack" && event.ack)
      server_.acknowledge_arguments(std::move(*event.ack), event.arguments);
  }
  void on_too_deep(ConnectionId id, std::optional<std::string> event, std::optional<Ack>) override {
    boost::json::value name;
    if (event) name = *event;
    server_.emit(id, "error", {{"code", "too_deep"}, {"event", std::move(name)}});
  }
  void on_disconnect(ConnectionId, DisconnectReason) override {}

 private:
  boost::asio::io_context& context_;
  Server& server_;
};

/// Refuses every client, so that a client's way with refusals can be tried.
class Refusing final : public Handler {
 public:
  sfu::Result<void, ConnectRefusal> on_connect(ConnectionId, const Handshake&) override {
    return sfu::fail(ConnectRefusal{"Authentication failed", {{"code", "token_missing"}}});
  }
  void on_event(ConnectionId, Event) override {}
  void on_too_deep(ConnectionId, std::optional<std::string>, std::optional<Ack>) override {}
  void on_disconnect(ConnectionId, DisconnectReason) override {}
};

/// Of Engine.IO: each message goes back to its sender.
void echo(engineio::Server& server, const engineio::Event& event) {
  const auto* message = std::get_if<engineio::Message>(&event);
  if (!message) return;
  server.send(message->session,
              message->binary ? engineio::Frame{sfu::SharedBytes(message->data), true}
                              : engineio::text_frame(engineio::PacketType::Message, message->data));
}

sfu::signaling::Options suite_options() {
  sfu::signaling::Options options;
  options.ping_interval = std::chrono::milliseconds(300);
  options.ping_timeout = std::chrono::milliseconds(200);
  options.connect_timeout = std::chrono::seconds(1);
  options.cors_origins = {"*"};
  return options;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 3000;
  std::uint32_t patience_ms = 0;
  if (argc > 3 || (argc > 1 && !read_number(argv[1], port)) ||
      (argc > 2 && !read_number(argv[2], patience_ms))) {
    std::fprintf(stderr,
                 "usage: socketio-echo [port [patience_ms]]\n"
                 "patience_ms takes the place of the ping and connect timeouts of the suites,\n"
                 "for clients on a machine that is busy\n");
    return 2;
  }
  sfu::signaling::Options options = suite_options();
  if (argc > 2)
    options.ping_timeout = options.connect_timeout = std::chrono::milliseconds(patience_ms);

  boost::asio::io_context context(1);
  sfu::crypto::SystemRandom random;
  sfu::signaling::Gateway gateway(context, options, random);
  gateway.add_engineio("/engine.io/", echo);
  Server& server = gateway.add_socketio("/socket.io/");
  Echo socketio_echo(context, server);
  Refusing refusing;
  server.add_namespace("/", socketio_echo);
  server.add_namespace("/custom", socketio_echo);
  server.add_namespace("/refused", refusing);

  const auto bound = gateway.listen({sfu::IpAddress(), port});
  if (!bound) {
    std::fprintf(stderr, "%s\n", bound.error().c_str());
    return 1;
  }
  std::printf("listening at port %u\n", static_cast<unsigned>(bound->port));
  std::fflush(stdout);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](const auto&, int) { gateway.stop(); });
  context.run();
}

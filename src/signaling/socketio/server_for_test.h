#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "signaling/socketio/server.h"

namespace sfu::signaling::socketio {

namespace json = boost::json;

/// Writes down what it is told, and does in its turn what the test asks for.
class Recorder final : public Handler {
 public:
  Result<void, ConnectRefusal> on_connect(ConnectionId id, const Handshake& handshake) override {
    last = id;
    log.push_back("connect " + std::string(handshake.nsp) + " " + json::serialize(handshake.auth));
    if (refusal) return fail(*refusal);
    if (owner && server) server->make_recoverable(id, *owner);
    if (in_connect) in_connect(id);
    return {};
  }
  void on_recovered(ConnectionId id, ConnectionId previous) override {
    log.push_back("recovered");
    recovered.emplace_back(id, previous);
  }
  void on_event(ConnectionId id, Event event) override {
    log.push_back("event " + event.name + " " + json::serialize(event.arguments.values) +
                  (event.ack ? " ack" : ""));
    if (in_event) in_event(id, event);
  }
  void on_too_deep(ConnectionId, std::optional<std::string> event,
                   std::optional<Ack> ack) override {
    log.push_back("too deep " + event.value_or("?") + (ack ? " ack" : ""));
  }
  void on_disconnect(ConnectionId, DisconnectReason reason) override {
    log.push_back("disconnect: " + std::string(to_string(reason)));
    if (in_disconnect) in_disconnect();
  }

  ConnectionId last;
  std::vector<std::string> log;
  std::optional<ConnectRefusal> refusal;
  Server* server = nullptr;
  std::optional<std::string> owner;  // Who may recover the connections made from now on.
  std::vector<std::pair<ConnectionId, ConnectionId>> recovered;
  std::function<void(ConnectionId)> in_connect;
  std::function<void(ConnectionId, Event&)> in_event;
  std::function<void()> in_disconnect;
};

/// A server over its transport, without sockets, with two namespaces.
class SocketIoServer : public testing::Test {
 protected:
  explicit SocketIoServer(const Options& options = {})
      : transport_(options, random_),
        unfinished_(options.max_unfinished_bytes),
        server_(options, transport_, random_, unfinished_) {
    handler_.server = &server_;
    server_.add_namespace("/", handler_);
    server_.add_namespace("/custom", custom_);
  }

  WebSocketId open() {
    const WebSocketId ws{++last_websocket_};
    transport_.handle_websocket_open(now_, ws,
                                     {"GET",
                                      "/socket.io/",
                                      "EIO=4&transport=websocket&roomId=r1",
                                      {{"User-Agent", "test"}, {"Cookie", "not kept"}},
                                      "",
                                      {}});
    drain();
    sent_.clear();
    return ws;
  }
  WebSocketId connect() {
    const WebSocketId ws = open();
    receive(ws, "40");
    sent_.clear();
    handler_.log.clear();
    return ws;
  }
  void receive(WebSocketId ws, std::string data, bool binary = false) {
    transport_.handle_websocket_message(now_, ws, std::move(data), binary);
    drain();
  }
  void close(WebSocketId ws, WebSocketEnd how) {
    transport_.handle_websocket_closed(now_, ws, how);
    drain();
  }
  void pass(TimeDelta time) {
    now_ += time;
    server_.handle_timeout(now_);
    drain();
  }
  void drain() {
    for (bool busy = true; busy;) {
      busy = false;
      while (auto event = transport_.poll_event()) {
        busy = true;
        server_.handle_transport_event(now_, std::move(*event));
      }
      while (auto output = transport_.poll_output()) {
        busy = true;
        const auto* send = std::get_if<engineio::SendFrame>(&*output);
        sent_.emplace_back(send ? std::string(send->frame.data.text()) : "<close>");
      }
    }
  }

  crypto::SeededRandom random_{7};
  engineio::Server transport_;
  UnfinishedBytes unfinished_;
  Server server_;
  Recorder handler_, custom_;
  Timestamp now_{std::chrono::seconds(50)};
  std::uint64_t last_websocket_ = 0;
  std::vector<std::string> sent_;
};

}  // namespace sfu::signaling::socketio

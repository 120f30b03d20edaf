#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "crypto/random.h"
#include "ortc/json.h"
#include "ortc/parameters_for_test.h"
#include "ortc/router_capabilities.h"
#include "service/mediasoup_server.h"
#include "signaling/auth/jwt.h"
#include "signaling/engineio/server.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

constexpr const char* kTestSecret = "a secret for tests, long enough";

class TestClient;

/// A whole service without sockets: the real Socket.IO engine above, mailboxes below, and a virtual
/// clock. `pump` moves everything that can move.
class TestService {
 public:
  /// Hands a worker's next event to the service; true where there was one.
  using Deliver = std::function<bool()>;

  explicit TestService(const std::vector<worker::WorkerPort*>& ports, Options options = {})
      : engine(signaling_options(), random),
        sockets(signaling_options(), engine, random, unfinished) {
    options.token_verifiers.push_back(signaling::auth::TokenVerifier::with_secret(kTestSecret));
    options.clock = [this] { return now; };
    options.unix_time = [this] { return unix_time; };
    server = std::make_unique<MediasoupServer>(std::move(options), context.get_executor(), sockets,
                                               ports, log, log, random);
  }

  static signaling::Options signaling_options() {
    signaling::Options options;
    options.recovery_window = std::chrono::seconds(30);
    return options;
  }

  void pump();
  /// Lets time go by.
  void pass(TimeDelta time) {
    constexpr TimeDelta kStep = std::chrono::seconds(1);
    for (const Timestamp end = now + time; now < end;) {
      now = std::min(end, now + kStep);
      engine.handle_timeout(now);
      sockets.handle_timeout(now);
      server->handle_timeout();
      pump();
    }
  }

  HttpResponse get(void (MediasoupServer::*handler)(const HttpRequest&,
                                                    std::function<void(HttpResponse)>),
                   HttpRequest request) {
    std::optional<HttpResponse> answer;
    (server.get()->*handler)(request, [&](HttpResponse response) { answer = std::move(response); });
    pump();
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(HttpResponse{});
  }

  Timestamp now{std::chrono::seconds(1000)};
  std::chrono::seconds unix_time{1'700'000'000};
  crypto::SeededRandom random{1};
  Logger log{"service", LogLevel::None};
  boost::asio::io_context context;
  signaling::engineio::Server engine;
  UnfinishedBytes unfinished{signaling::Options{}.max_unfinished_bytes};
  signaling::socketio::Server sockets;
  std::unique_ptr<MediasoupServer> server;
  std::vector<Deliver> deliver;
  std::map<WebSocketId, TestClient*> clients;
  std::uint64_t last_websocket = 0;
  Endpoint client_address{IpAddress::v4(0x7f000001), 5000};  // Of who connects next.
};

/// What socket.io-client does, over a WebSocket: sends events and writes down what comes.
class TestClient {
 public:
  struct Received {
    std::string event;
    json::value payload;
  };

  /// Connects with a token for `user`; its email is user@example.org.
  TestClient(TestService& service, const std::string& user) : TestClient(service) {
    connect(json::object{{"token", token_for(service, user)}});
  }
  /// Connects as socket.io-client does that had the connection `before`.
  TestClient(TestService& service, const std::string& user, const TestClient& before)
      : TestClient(service) {
    connect(json::object{
        {"pid", before.pid}, {"offset", before.offset}, {"token", token_for(service, user)}});
    recovered = connected && pid == before.pid;
  }
  /// What stands in the query of its transport's request, beside what Engine.IO wants there.
  struct Query {
    std::string text;
  };
  /// Opens the transport only.
  explicit TestClient(TestService& service, const Query& query = {})
      : service_(service), websocket_{++service.last_websocket} {
    service_.clients[websocket_] = this;
    HttpRequest request;
    request.method = "GET";
    request.path = "/socket.io/";
    request.query = "EIO=4&transport=websocket" + query.text;
    request.remote = service.client_address;
    service_.engine.handle_websocket_open(service_.now, websocket_, request);
    service_.pump();
  }
  ~TestClient() { service_.clients.erase(websocket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  static std::string token_for(const TestService& service, const std::string& user) {
    const signaling::auth::Identity identity{user, user + "@example.org", std::nullopt,
                                             std::nullopt};
    return signaling::auth::TokenSigner(kTestSecret).sign(identity, service.unix_time);
  }
  void connect_as(const std::string& user) {
    connect(json::object{{"token", token_for(service_, user)}});
  }
  void connect(const json::value& auth) { send_text("40" + json::serialize(auth)); }

  /// Sends an event without acknowledgement, and lets everything happen.
  void emit(std::string_view event, const json::value& payload = nullptr) {
    send_text("42" + json::serialize(arguments(event, payload)));
  }
  /// The same without letting anything happen yet.
  void queue(std::string_view event, const json::value& payload = nullptr) {
    service_.engine.handle_websocket_message(
        service_.now, websocket_, "42" + json::serialize(arguments(event, payload)), false);
  }
  /// Sends an event with acknowledgement; the answer, or null where none came.
  json::value ask(std::string_view event, const json::value& payload = nullptr) {
    const std::uint64_t id = start_asking(event, payload);
    service_.pump();
    return answer(id);
  }
  std::uint64_t start_asking(std::string_view event, const json::value& payload = nullptr) {
    const std::uint64_t id = ++last_ack_;
    service_.engine.handle_websocket_message(
        service_.now, websocket_,
        "42" + std::to_string(id) + json::serialize(arguments(event, payload)), false);
    return id;
  }
  json::value answer(std::uint64_t id) const {
    const auto found = answers_.find(id);
    return found == answers_.end() ? json::value() : found->second;
  }
  void send_text(std::string text) {
    service_.engine.handle_websocket_message(service_.now, websocket_, std::move(text), false);
    service_.pump();
  }
  /// A binary part of the packet that was sent before, and lets everything happen.
  void send_binary(std::string data) {
    service_.engine.handle_websocket_message(service_.now, websocket_, std::move(data), true);
    service_.pump();
  }
  /// The page goes away, or the connection breaks.
  void break_off() { close(WebSocketEnd::Closed); }
  void close(WebSocketEnd end = WebSocketEnd::GoingAway) {
    closed = true;
    service_.engine.handle_websocket_closed(service_.now, websocket_, end);
    service_.pump();
  }

  /// All payloads of this event since the last forget().
  std::vector<json::value> payloads(std::string_view event) const {
    std::vector<json::value> found;
    for (const auto& one : received)
      if (one.event == event) found.push_back(one.payload);
    return found;
  }
  std::size_t count(std::string_view event) const { return payloads(event).size(); }
  json::value last(std::string_view event) const {
    const auto found = payloads(event);
    return found.empty() ? json::value() : found.back();
  }
  std::string names() const {
    std::string joined;
    for (const auto& one : received) joined += (joined.empty() ? "" : " ") + one.event;
    return joined;
  }
  void forget() { received.clear(); }

  // What a client does, by docs/api.md.

  void join(const std::string& room) { emit("join-room", json::object{{"roomId", room}}); }
  void create_transport(const std::string& room, const char* direction) {
    emit("create-webrtc-transport", json::object{{"roomId", room}, {"direction", direction}});
  }
  void set_capabilities() {
    emit("set-rtp-capabilities",
         json::object{{"rtpCapabilities", ortc::to_json(receiving_capabilities())}});
  }
  void enter(const std::string& room) {
    join(room);
    create_transport(room, "send");
    create_transport(room, "recv");
    set_capabilities();
  }
  static json::value producing(const char* kind, const char* parameters, bool screen = false) {
    json::object app_data;
    if (screen) app_data["screen"] = true;
    return json::object{
        {"kind", kind}, {"rtpParameters", json::parse(parameters)}, {"appData", app_data}};
  }
  void produce_audio() { emit("create-producer", producing("audio", ortc::kChromiumOpus)); }
  void produce_video() { emit("create-producer", producing("video", ortc::kChromiumVp8)); }

  /// A browser that can decode all that the router offers.
  static ortc::RtpCapabilities receiving_capabilities() {
    ortc::RtpCapabilities capabilities = ortc::router_capabilities();
    std::erase_if(capabilities.header_extensions, [](const auto& extension) {
      return extension.direction == ortc::ExtensionDirection::RecvOnly;
    });
    return capabilities;
  }

  std::vector<Received> received;
  std::optional<json::value> connect_error;
  bool connected = false;
  bool recovered = false;  // An earlier connection's session goes on.
  std::string pid, sid, offset;
  bool answers_pings = true;
  bool disconnected = false;  // By a DISCONNECT packet of the server.
  bool closed = false;

 private:
  friend class TestService;

  static json::array arguments(std::string_view event, const json::value& payload) {
    json::array values{event};
    if (!payload.is_null()) values.push_back(payload);
    return values;
  }

  void on_frame(std::string_view frame) {
    if (frame == "2" && answers_pings)
      service_.engine.handle_websocket_message(service_.now, websocket_, "3", false);
    if (frame.empty() || frame[0] != '4' || frame.size() < 2) return;
    const std::string_view body = frame.substr(2);
    if (frame[1] == '0') {
      connected = true;
      const json::value welcome = json::parse(body);
      sid = welcome.at("sid").as_string();
      if (const json::value* told = welcome.as_object().if_contains("pid")) pid = told->as_string();
    }
    if (frame[1] == '1') disconnected = true;
    if (frame[1] == '4') connect_error = json::parse(body);
    if (frame[1] == '2') {
      const json::value values = json::parse(body);
      if (values.as_array().back().is_string()) offset = values.as_array().back().as_string();
      received.push_back({std::string(values.at(0).as_string()),
                          values.as_array().size() > 1 ? values.at(1) : json::value()});
    }
    if (frame[1] == '3') {
      const auto bracket = body.find('[');
      const std::uint64_t id = std::stoull(std::string(body.substr(0, bracket)));
      EXPECT_FALSE(answers_.contains(id)) << "acknowledged twice";
      answers_[id] = json::parse(body.substr(bracket)).at(0);
      received.push_back({"<ack " + std::to_string(id) + ">", answers_[id]});
    }
  }

  TestService& service_;
  const WebSocketId websocket_;
  std::uint64_t last_ack_ = 0;
  std::map<std::uint64_t, json::value> answers_;
};

inline void TestService::pump() {
  for (bool moved = true; moved;) {
    moved = false;
    while (auto event = engine.poll_event()) {
      sockets.handle_transport_event(now, std::move(*event));
      moved = true;
    }
    context.restart();
    moved |= context.poll() > 0;
    for (const auto& deliver_one : deliver) moved |= deliver_one();
    while (auto output = engine.poll_output()) {
      moved = true;
      if (const auto* send = std::get_if<signaling::engineio::SendFrame>(&*output)) {
        const auto client = clients.find(send->websocket);
        if (client != clients.end()) client->second->on_frame(send->frame.data.text());
      } else if (const auto* close = std::get_if<signaling::engineio::CloseWebSocket>(&*output)) {
        const auto client = clients.find(close->websocket);
        if (client != clients.end() && !client->second->closed) {
          client->second->closed = true;
          engine.handle_websocket_closed(now, close->websocket, WebSocketEnd::Closed);
        }
      }
    }
  }
}

}  // namespace sfu::service

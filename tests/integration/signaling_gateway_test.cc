// The signaling shell over real sockets of the loopback interface.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "crypto/random.h"
#include "signaling/gateway.h"
#include "socketio_client.h"
#include "tcp_client.h"

namespace sfu::signaling {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Client = TcpClient;

/// Echoes "message", and floods whoever asks for it, or tells it what may wait.
class Application final : public socketio::Handler {
 public:
  explicit Application(socketio::Server& server) : server_(server) {}

  void emit_to_all(std::string_view event) {
    for (const socketio::ConnectionId id : connections_) server_.emit(id, event, nullptr);
  }

  Result<void, socketio::ConnectRefusal> on_connect(socketio::ConnectionId id,
                                                    const socketio::Handshake&) override {
    connections_.push_back(id);
    return {};
  }
  void on_event(socketio::ConnectionId id, socketio::Event event) override {
    if (event.name == "message") server_.emit_arguments(id, "message-back", event.arguments);
    if (event.name == "announce") {
      auto announcement = socketio::Server::encode("announced", nullptr);
      announcement.let_wait();
      server_.emit(id, announcement);
    }
    if (event.name != "flood") return;
    const auto large = socketio::Server::encode("large", boost::json::string(100'000, 'x'));
    for (int i = 0; i < 200; ++i) server_.emit(id, large);
  }
  void on_too_deep(socketio::ConnectionId, std::optional<std::string>,
                   std::optional<socketio::Ack>) override {}
  void on_disconnect(socketio::ConnectionId, socketio::DisconnectReason reason) override {
    if (!std::exchange(has_ended_, true)) ended.set_value(reason);
  }

  std::promise<socketio::DisconnectReason> ended;  // of the first connection to end

 private:
  socketio::Server& server_;
  std::vector<socketio::ConnectionId> connections_;
  bool has_ended_ = false;
};

class SignalingGateway : public testing::Test {
 protected:
  SignalingGateway() {
    Options options;
    options.cors_origins = {"https://meet.example"};
    options.max_connections = 20;
    gateway_ = std::make_unique<Gateway>(context_, options, random_);
    socketio::Server& server = gateway_->add_socketio();
    application_ = std::make_unique<Application>(server);
    server.add_namespace("/", *application_);
    gateway_->add_route("/health", [](const HttpRequest&, Responder respond) {
      respond({200, "application/json", R"({"status":"OK"})", {}});
    });
    gateway_->add_route("/later", [this](const HttpRequest&, Responder respond) {
      boost::asio::post(context_, [respond] { respond({200, "text/plain", "later", {}}); });
    });
    gateway_->add_route("/never", [](const HttpRequest&, Responder) {});
    port_ = gateway_->listen({IpAddress::v4(INADDR_LOOPBACK), 0})->port;
    thread_ = std::thread([this] { context_.run(); });
  }
  ~SignalingGateway() override {
    boost::asio::post(context_, [this] { gateway_->stop(); });
    thread_.join();
  }

  std::unique_ptr<Client> connected(int receive_buffer = 0) {
    return connect_websocket(port_, receive_buffer);
  }
  socketio::DisconnectReason ended() {
    auto reason = application_->ended.get_future();
    EXPECT_EQ(reason.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    return reason.get();
  }

  crypto::SystemRandom random_;
  boost::asio::io_context context_{1};
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Application> application_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(SignalingGateway, CarriesAConversationOverPollingAndItsUpgrade) {
  Client client(port_), other(port_);
  const std::string poll = open_polling(client);
  EXPECT_EQ(client.request("POST", poll, "", "40").body, "ok");
  EXPECT_THAT(client.request("GET", poll).body, StartsWith("40{\"sid\""));
  EXPECT_EQ(client
                .request("POST", poll, "",
                         "42[\"message\",1]\x1e"
                         "42[\"message\",2]")
                .body,
            "ok");
  EXPECT_EQ(client.request("GET", poll).body,
            "42[\"message-back\",1]\x1e"
            "42[\"message-back\",2]");

  EXPECT_EQ(other.upgrade(upgrade_of(poll)).status(), 101);
  other.send_frame("2probe");
  EXPECT_EQ(other.frame(), "3probe");
  EXPECT_EQ(client.request("GET", poll).body, "6");
  other.send_frame("5");
  other.send_frame("42[\"message\",3]");
  EXPECT_EQ(other.frame(), "42[\"message-back\",3]");
  EXPECT_EQ(client.request("GET", poll).status(), 400);
}

TEST_F(SignalingGateway, AnswersAPollWhenSomethingComes) {
  Client waiting(port_), sending(port_);
  const std::string poll = open_polling(waiting);
  waiting.send("GET " + poll + " HTTP/1.1\r\nHost: x\r\n\r\n");
  sending.request("POST", poll, "", "40");
  EXPECT_THAT(waiting.answer().body, StartsWith("40{"));
}

TEST_F(SignalingGateway, APollThatItsClientAbandonsEndsTheSession) {
  Client sending(port_);
  auto waiting = std::make_unique<Client>(port_);
  const std::string poll = open_polling(*waiting);
  sending.request("POST", poll, "", "40");
  EXPECT_THAT(waiting->request("GET", poll).body, StartsWith("40{"));
  waiting->send("GET " + poll + " HTTP/1.1\r\nHost: x\r\n\r\n");
  waiting->close();
  EXPECT_EQ(ended(), socketio::DisconnectReason::TransportError);
}

TEST_F(SignalingGateway, KnowsItsRoutesAndAnswersEverythingElseWith404) {
  Client client(port_);
  EXPECT_EQ(client.request("GET", "/health").body, R"({"status":"OK"})");
  EXPECT_EQ(client.request("GET", "/health?x=1").body, R"({"status":"OK"})");
  EXPECT_EQ(client.request("GET", "/later").body, "later");
  const auto head = client.request("HEAD", "/health");
  EXPECT_EQ(head.status(), 200);
  EXPECT_THAT(head.head, HasSubstr("Content-Length: 15"));
  for (const char* path : {"/", "/nothing", "/health/", "/socket.io/x", "/index.html"}) {
    const auto answer = client.request("GET", path);
    EXPECT_EQ(answer.status(), 404) << path;
    EXPECT_EQ(answer.body, R"({"error":"Not found"})");
  }
  EXPECT_EQ(client.request("POST", "/health", "", "x").status(), 404);
  EXPECT_EQ(client.upgrade("/health").status(), 404);
}

TEST_F(SignalingGateway, EveryAnswerCarriesTheCorsHeaders) {
  constexpr const char* kListed = "Origin: https://meet.example\r\n";
  constexpr const char* kAllowed = "Access-Control-Allow-Origin: https://meet.example\r\n";
  Client client(port_);
  for (const char* target :
       {"/health", "/nothing", "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=3"}) {
    EXPECT_THAT(client.request("GET", target, kListed).head, HasSubstr(kAllowed)) << target;
    const auto other = client.request("GET", target, "Origin: https://evil.example\r\n");
    EXPECT_THAT(other.head, Not(HasSubstr("Access-Control-Allow-Origin"))) << target;
    EXPECT_THAT(other.head, HasSubstr("Vary: Origin")) << target;
  }
  const auto preflight = client.request("OPTIONS", "/socket.io/", kListed);
  EXPECT_EQ(preflight.status(), 204);
  EXPECT_THAT(preflight.head, HasSubstr(kAllowed));
}

TEST_F(SignalingGateway, RefusesAWebSocketFromAForeignPageAndTakesItsOwn) {
  const auto status = [this](std::string_view headers) {
    return Client(port_).upgrade(kWebSocket, headers).status();
  };
  EXPECT_EQ(status("Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(status("Origin: null\r\n"), 403);
  EXPECT_EQ(status("Origin: https://meet.example\r\n"), 101);
  EXPECT_EQ(status("Origin: http://sfu.example\r\n"), 101);
  EXPECT_EQ(status(""), 101);
}

TEST_F(SignalingGateway, AnOversizedBodyIsRefusedAndTheSessionUnharmed) {
  Client client(port_);
  const std::string poll = open_polling(client);
  EXPECT_EQ(client.request("POST", poll, "", std::string(1'000'001, '4')).status(), 413);
  EXPECT_TRUE(client.at_end()) << "the rest of the body could not be told from a request";
  EXPECT_EQ(Client(port_).request("POST", poll, "", "40").body, "ok");
}

TEST_F(SignalingGateway, ABodyOfTheLargestSizeIsTaken) {
  Client client(port_);
  const std::string poll = open_polling(client);
  client.request("POST", poll, "", "40");
  client.request("GET", poll);
  const std::string start = "42[\"message\",\"", end = "\"]";
  const std::string text(1'000'000 - start.size() - end.size(), 'x');
  EXPECT_EQ(client.request("POST", poll, "", start + text + end).body, "ok");
  EXPECT_EQ(client.request("GET", poll).body, "42[\"message-back\",\"" + text + "\"]");
}

TEST_F(SignalingGateway, AnOversizedMessageClosesItsWebSocketWith1009) {
  const auto client = connected();
  client->send_frame(std::string(1'000'001, '4'));
  EXPECT_EQ(client->frame(), "close 1009");
  EXPECT_EQ(ended(), socketio::DisconnectReason::ParseError);
}

TEST_F(SignalingGateway, AReaderThatDoesNotReadIsCutOffAndNobodyElse) {
  const auto slow = connected(4096);
  slow->send_frame("42[\"flood\"]");
  EXPECT_EQ(ended(), socketio::DisconnectReason::SlowReader);
  Client client(port_);
  EXPECT_EQ(client.request("GET", "/health").status(), 200);
}

TEST_F(SignalingGateway, APageThatGoesAwayIsToldFromABrokenConnection) {
  connected()->send_frame("\x03\xe9", 8);  // 1001
  EXPECT_EQ(ended(), socketio::DisconnectReason::PageGone);
}

TEST_F(SignalingGateway, APageThatGoesAwayIsGoneWithItsCloseFrameAlsoWhereItsTcpConnectionStays) {
  const auto client = connected();
  client->send_frame("\x03\xe9", 8);  // 1001
  auto reason = application_->ended.get_future();
  // Long before the server would cut the connection.
  ASSERT_EQ(reason.wait_for(io::HttpLimits().close_timeout / 2), std::future_status::ready);
  EXPECT_EQ(reason.get(), socketio::DisconnectReason::PageGone);
  EXPECT_EQ(client->frame(), "close 1001");
}

TEST_F(SignalingGateway, ABrokenConnectionIsATransportClose) {
  connected()->close();
  EXPECT_EQ(ended(), socketio::DisconnectReason::TransportClose);
}

TEST_F(SignalingGateway, WhatIsNoHttpIsAnsweredWith400AndClosed) {
  for (const char* text :
       {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nbroken header\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    Client client(port_);
    client.send(text);
    EXPECT_EQ(client.answer().status(), 400) << text;
    EXPECT_TRUE(client.at_end());
  }
}

TEST_F(SignalingGateway, AConnectionOfHttp10EndsWithItsAnswerWhateverItAsksFor) {
  Client client(port_);
  client.send("GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status(), 404);
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
}

TEST_F(SignalingGateway, OnlyWhoSpeaksHttp11IsToldToContinue) {
  for (const auto& [version, first] : {std::pair("1.1", 100), std::pair("1.0", 404)}) {
    Client client(port_);
    client.send("POST /nothing HTTP/" + std::string(version) +
                "\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(client.answer().status(), first) << version;
  }
}

TEST_F(SignalingGateway, HeadersBeyondTheirLimitAreRefused) {
  Client client(port_);
  EXPECT_EQ(client.request("GET", "/health", "X: " + std::string(20'000, 'x') + "\r\n").status(),
            431);
}

TEST_F(SignalingGateway, RequestsThatComeTogetherAreAnsweredInOrder) {
  Client client(port_);
  client.send(
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.answer().body, "later");
  EXPECT_EQ(client.answer().body, R"({"status":"OK"})");
  EXPECT_EQ(client.answer().status(), 404);
  EXPECT_TRUE(client.at_end());
}

TEST_F(SignalingGateway, OneConnectionMoreThanTheBoundIsClosedAtOnce) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(port_));
    EXPECT_EQ(clients.back()->request("GET", "/health").status(), 200);
  }
  EXPECT_TRUE(Client(port_).at_end());
  EXPECT_EQ(clients[0]->request("GET", "/health").status(), 200);
}

TEST_F(SignalingGateway, WhatMayWaitComesByItselfInTheEnd) {
  const auto websocket = connected();
  websocket->send_frame(R"(42["announce"])");
  EXPECT_EQ(websocket->frame(), R"(42["announced",null])");
}

TEST_F(SignalingGateway, WhatMayWaitKeepsItsPlaceBeforeWhatMayNot) {
  const auto websocket = connected();
  for (const int round : {1, 2}) {
    const std::string number = std::to_string(round);
    websocket->send_frame(R"(42["announce"])");
    websocket->send_frame(R"(42["message",)" + number + "]");
    EXPECT_EQ(websocket->frame(), R"(42["announced",null])");
    EXPECT_EQ(websocket->frame(), R"(42["message-back",)" + number + "]");
  }
}

TEST_F(SignalingGateway, StopsWithAnUnansweredRequestAndOpenWebSockets) {
  const auto websocket = connected();
  Client unanswered(port_);
  unanswered.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  Client(port_).request("GET", "/health");
  boost::asio::post(context_, [this] { gateway_->stop(); });
  EXPECT_EQ(websocket->frame(), "close 1001");
  EXPECT_TRUE(unanswered.at_end());
}

TEST_F(SignalingGateway, AtItsEndEachWebSocketHearsWhatWasSentBeforeAndThen1001) {
  const auto one = connected(), other = connected();
  std::promise<void> gone;
  boost::asio::post(context_, [&] {
    application_->emit_to_all("farewell");
    gateway_->stop([&] { gone.set_value(); });
  });
  for (const auto* client : {&one, &other}) {
    EXPECT_EQ((*client)->frame(), "42[\"farewell\",null]");
    EXPECT_EQ((*client)->frame(), "close 1001");
    (*client)->send_frame("\x03\xe9", 8);
    EXPECT_TRUE((*client)->at_end());
    (*client)->close();
  }
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(SignalingGateway, AtItsEndAPollThatWaitsHearsWhatWasSentBeforeAndThatItIsTheEnd) {
  Client waiting(port_), sending(port_), idle(port_), unanswered(port_);
  const std::string poll = open_polling(waiting);
  EXPECT_EQ(sending.request("POST", poll, "", "40").body, "ok");
  EXPECT_THAT(waiting.request("GET", poll).body, StartsWith("40{"));
  waiting.send("GET " + poll + " HTTP/1.1\r\nHost: x\r\n\r\n");
  unanswered.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  // Another connection's turns: the server has read the poll after a few of them.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(idle.request("GET", "/health").status(), 200);
  std::promise<void> gone;
  boost::asio::post(context_, [&] {
    application_->emit_to_all("farewell");
    gateway_->stop([&] { gone.set_value(); });
  });
  EXPECT_EQ(waiting.answer().body,
            "42[\"farewell\",null]\x1e"
            "1");
  EXPECT_TRUE(waiting.at_end());
  EXPECT_TRUE(idle.at_end());
  EXPECT_TRUE(unanswered.at_end());
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(SignalingGateway, SaysThatAPortIsInUse) {
  std::promise<std::string> message;
  boost::asio::post(context_, [&] {
    message.set_value(gateway_->listen({IpAddress::v4(INADDR_LOOPBACK), port_}).error());
  });
  EXPECT_EQ(message.get_future().get(), "port " + std::to_string(port_) + " is in use");
}

}  // namespace
}  // namespace sfu::signaling

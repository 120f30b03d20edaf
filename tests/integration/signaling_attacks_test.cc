// What hostile clients do to the doors of HTTP, WebSocket, Engine.IO and Socket.IO, over real
// sockets. After each attack somebody else still gets an answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "crypto/random.h"
#include "signaling/gateway.h"
#include "socketio_client.h"
#include "tcp_client.h"

namespace sfu::signaling {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

/// More than the kernel keeps for a reader.
constexpr std::size_t kLargeBytes = 20'000'000;

/// Echoes "message", and floods whoever asks for it.
class Echo final : public socketio::Handler {
 public:
  explicit Echo(socketio::Server& server) : server_(server) {}

  Result<void, socketio::ConnectRefusal> on_connect(socketio::ConnectionId,
                                                    const socketio::Handshake&) override {
    return {};
  }
  void on_event(socketio::ConnectionId id, socketio::Event event) override {
    if (event.name == "message") server_.emit_arguments(id, "back", event.arguments);
    if (event.name == "stay silent")
      server_.emit(id, "large", boost::json::string(kLargeBytes, 'x'));
  }
  void on_too_deep(socketio::ConnectionId id, std::optional<std::string>,
                   std::optional<socketio::Ack>) override {
    server_.emit(id, "too deep", nullptr);
  }
  void on_disconnect(socketio::ConnectionId, socketio::DisconnectReason) override {}

 private:
  socketio::Server& server_;
};

/// What the gateway says that it refused, as another thread sees it.
class RefusalLog {
 public:
  void add(Refusal refusal) {
    const std::scoped_lock lock(mutex_);
    ++counts_[refusal];
    changed_.notify_all();
  }
  bool has(Refusal refusal, int count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] { return counts_[refusal] >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Refusal, int> counts_;
};

class SignalingAttacks : public testing::Test {
 protected:
  SignalingAttacks() {
    Options options;
    options.cors_origins = {"https://meet.example"};
    options.max_connections = 60;
    options.max_connections_per_address = 50;
    options.max_pending_sessions = 30;
    options.max_unfinished_bytes = 1'500'000;
    options.max_untaken_bytes = kLargeBytes + kLargeBytes / 2;
    options.max_queued_bytes = 2 * kLargeBytes;
    options.max_queued_time = milliseconds(400);
    options.header_timeout = milliseconds(400);
    options.body_timeout = milliseconds(400);
    options.ping_interval = seconds(600);
    options.on_refused = [this](Refusal refusal, const IpAddress& client, std::string_view) {
      EXPECT_TRUE(client.is_loopback());
      refused_.add(refusal);
    };
    gateway_ = std::make_unique<Gateway>(context_, options, random_);
    socketio::Server& server = gateway_->add_socketio();
    echo_ = std::make_unique<Echo>(server);
    server.add_namespace("/", *echo_);
    gateway_->add_route("/large", [](const HttpRequest&, const Responder& respond) {
      respond({200, "text/plain", std::string(kLargeBytes, 'x'), {}});
    });
    port_ = gateway_->listen({IpAddress::v4(INADDR_LOOPBACK), 0})->port;
    thread_ = std::thread([this] { context_.run(); });
    bystander_ = connected();
  }
  ~SignalingAttacks() override {
    expect_bystander_is_served();
    bystander_->close();
    boost::asio::post(context_, [this] { gateway_->stop(); });
    thread_.join();
  }

  std::unique_ptr<TcpClient> connected(int receive_buffer = 0) {
    return connect_websocket(port_, receive_buffer);
  }
  void expect_bystander_is_served() {
    bystander_->send_frame("42[\"message\",1]");
    EXPECT_EQ(bystander_->frame(), "42[\"back\",1]");
  }

  crypto::SystemRandom random_;
  boost::asio::io_context context_{1};
  RefusalLog refused_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Echo> echo_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::unique_ptr<TcpClient> bystander_;
};

// Slow writing.

TEST_F(SignalingAttacks, AHeaderThatNeverEndsIsCutOff) {
  TcpClient client(port_);
  client.send("GET /socket.io/ HTTP/1.1\r\nHost: x\r\nX: ");
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(refused_.has(Refusal::SlowRequest));
}

TEST_F(SignalingAttacks, AHeaderThatNeverEndsOnAUsedConnectionIsCutOffAsSoon) {
  TcpClient client(port_);
  EXPECT_EQ(client.request("GET", "/nothing").status(), 404);
  client.send("GET /socket.io/ HTTP/1.1\r\nHost: x\r\nX: ");
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(refused_.has(Refusal::SlowRequest));
}

TEST_F(SignalingAttacks, AConnectionThatSaysNothingIsCutOff) {
  EXPECT_TRUE(TcpClient(port_).at_end());
  EXPECT_TRUE(refused_.has(Refusal::SlowRequest));
}

TEST_F(SignalingAttacks, ABodyThatNeverEndsIsCutOffAndEndsItsSession) {
  TcpClient client(port_), slow(port_);
  const std::string poll = connect_polling(client);
  slow.send("POST " + poll + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n42[\"mes");
  EXPECT_TRUE(slow.at_end());
  EXPECT_TRUE(refused_.has(Refusal::SlowRequest));
  EXPECT_EQ(client.request("GET", poll).status(), 400);
}

TEST_F(SignalingAttacks, AChunkedBodyIsBoundedAsWell) {
  TcpClient client(port_);
  const std::string poll = connect_polling(client);
  client.send("POST " + poll + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "ffff\r\n" + std::string(0xffff, '4') + "\r\n";
  for (int i = 0; i < 20; ++i) client.send(chunk);
  EXPECT_EQ(client.answer().status(), 413);
  EXPECT_TRUE(refused_.has(Refusal::BadRequest));
}

// Slow reading.

TEST_F(SignalingAttacks, AWebSocketThatDoesNotReadIsCutOffForTimeAlone) {
  const auto slow = connected(4096);
  slow->send_frame("42[\"stay silent\"]");
  EXPECT_TRUE(refused_.has(Refusal::SlowReader));
}

TEST_F(SignalingAttacks, AnswersThatNobodyTakesHoldNoMoreThanIsLeftForAll) {
  TcpClient one(port_, 4096), two(port_);
  one.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(one.read(1), "H");
  EXPECT_EQ(two.request("GET", "/large").status(), 503);
  EXPECT_TRUE(refused_.has(Refusal::TooMany));
  expect_bystander_is_served();
  one.close();
  TcpClient honest(port_);
  EXPECT_EQ(honest.request("GET", "/nothing").status(), 404);
}

// Sizes and fragments.

TEST_F(SignalingAttacks, TinyFragmentsAreOneMessage) {
  const auto client = connected();
  const std::string message = "42[\"message\",\"" + std::string(2000, 'x') + "\"]";
  for (std::size_t i = 0; i < message.size(); ++i)
    client->send_frame(message.substr(i, 1), i == 0 ? 1 : 0, i + 1 == message.size());
  EXPECT_EQ(client->frame(), "42[\"back\",\"" + std::string(2000, 'x') + "\"]");
}

TEST_F(SignalingAttacks, EmptyFragmentsWithoutEndEndTheirConnectionAndStopNobodyElse) {
  const auto client = connected();
  client->send_frame("", 1, false);
  for (int i = 0; i < 300'000; ++i)
    if (!client->send_frame("", 0, false)) break;
  EXPECT_TRUE(refused_.has(Refusal::TooMuch));
  expect_bystander_is_served();
}

TEST_F(SignalingAttacks, SomeEmptyFragmentsWithinAMessageChangeNothing) {
  const auto client = connected();
  client->send_frame("42[\"mess", 1, false);
  for (int i = 0; i < 1000; ++i) client->send_frame("", 0, false);
  client->send_frame("age\",\"x\"]", 0);
  EXPECT_EQ(client->frame(), "42[\"back\",\"x\"]");
}

TEST_F(SignalingAttacks, FragmentsThatAreTooMuchTogetherCloseWith1009) {
  const auto client = connected();
  client->send_frame("4", 1, false);
  const std::string part(100'000, 'x');
  for (int i = 0; i < 10; ++i) client->send_frame(part, 0, false);
  EXPECT_EQ(client->frame(), "close 1009");
  EXPECT_TRUE(refused_.has(Refusal::BadPacket));
}

TEST_F(SignalingAttacks, MessagesThatNeverEndHoldNoMoreThanIsLeftForAll) {
  const std::string part(900'000, 'x');
  const auto one = connected(), two = connected();
  for (const auto* client : {&one, &two}) (*client)->send_frame(part, 1, false);
  EXPECT_TRUE(refused_.has(Refusal::TooMuch));
  expect_bystander_is_served();
  one->close();
  two->close();
  const auto honest = connected();
  honest->send_frame("42[\"message\",\"" + part + "\"]");
  EXPECT_THAT(honest->frame(), HasSubstr("back"));
}

TEST_F(SignalingAttacks, PacketsWithoutTheirAttachmentsHoldNoMoreThanIsLeftForAll) {
  const std::string part = "452-[\"message\",\"" + std::string(900'000, 'x') + "\"]";
  const auto one = connected(), two = connected();
  for (const auto* client : {&one, &two}) (*client)->send_frame(part);
  EXPECT_TRUE(refused_.has(Refusal::TooMuch));
  expect_bystander_is_served();
  one->close();
  two->close();
  const auto honest = connected();
  honest->send_frame("451-[\"message\",{\"_placeholder\":true,\"num\":0}]");
  honest->send_frame(std::string(900'000, 'x'), 2);
  EXPECT_THAT(honest->frame(), HasSubstr("back"));
}

TEST_F(SignalingAttacks, PacketsBeforeTheConnectEndTheirSessionUnread) {
  TcpClient client(port_);
  EXPECT_EQ(client.upgrade("/socket.io/?EIO=4&transport=websocket").status(), 101);
  EXPECT_THAT(client.frame(), StartsWith("0{"));
  client.send_frame("4510-[\"x\"]");
  EXPECT_TRUE(refused_.has(Refusal::BadPacket));
}

TEST_F(SignalingAttacks, BodiesThatNeverEndHoldNoMoreThanIsLeftForAll) {
  const std::string head =
      "POST " + std::string(kPolling) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 950000\r\n\r\n";
  TcpClient one(port_), two(port_);
  for (TcpClient* client : {&one, &two}) client->send(head + std::string(900'000, 'x'));
  EXPECT_TRUE(refused_.has(Refusal::TooMany));
  expect_bystander_is_served();
}

TEST_F(SignalingAttacks, AFrameThatClaimsMoreThanThereIsRoomForIsRefusedUnread) {
  const auto client = connected();
  client->send(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14));
  EXPECT_EQ(client->frame(), "close 1009");
}

TEST_F(SignalingAttacks, InvalidUtf8ClosesWith1007) {
  const auto client = connected();
  client->send_frame("42[\"message\",\"\xc3\x28\"]");
  EXPECT_EQ(client->frame(), "close 1007");
  EXPECT_TRUE(refused_.has(Refusal::BadPacket));
}

TEST_F(SignalingAttacks, InvalidUtf8OverPollingEndsTheSession) {
  TcpClient client(port_);
  const std::string poll = connect_polling(client);
  client.request("POST", poll, "", "42[\"message\",\"\xc3\x28\"]");
  EXPECT_TRUE(refused_.has(Refusal::BadPacket));
  EXPECT_THAT(client.request("GET", poll).body, testing::AnyOf("1", HasSubstr("unknown")));
}

TEST_F(SignalingAttacks, FramesAgainstTheRulesOfWebSocketsCloseWith1002) {
  const std::vector<std::string> frames = {
      std::string("\x83\x80\0\0\0\0", 6),  // an opcode that is none
      std::string("\xc1\x80\0\0\0\0", 6),  // a reserved bit
      std::string("\x81\x01x", 3),         // without a mask
      std::string("\x80\x80\0\0\0\0", 6),  // a continuation of nothing
      std::string("\x09\x80\0\0\0\0", 6),  // a ping in fragments
  };
  for (const std::string& frame : frames) {
    const auto client = connected();
    client->send(frame);
    EXPECT_EQ(client->frame(), "close 1002");
  }
  EXPECT_TRUE(refused_.has(Refusal::BadPacket, static_cast<int>(frames.size())));
}

TEST_F(SignalingAttacks, PingsAreAnsweredUntilThereAreTooMany) {
  const auto client = connected();
  constexpr std::uint8_t kPing = 9;
  for (int i = 0; i < 100; ++i) {
    client->send_frame("are you there?", kPing);
    ASSERT_EQ(client->frame(), "are you there?");
  }
  client->send_frame("42[\"message\",1]");
  EXPECT_EQ(client->frame(), "42[\"back\",1]");
  for (int i = 0; i < 100'000; ++i)
    if (!client->send_frame("", kPing)) break;
  EXPECT_TRUE(refused_.has(Refusal::TooMuch));
}

TEST_F(SignalingAttacks, PongsThatNobodyAskedForAreBoundedAsWell) {
  const auto client = connected();
  constexpr std::uint8_t kPong = 10;
  for (int i = 0; i < 100'000; ++i)
    if (!client->send_frame("", kPong)) break;
  EXPECT_TRUE(refused_.has(Refusal::TooMuch));
}

// Packets.

TEST_F(SignalingAttacks, PacketsAgainstTheRulesEndTheirSessionAndNoOther) {
  const std::vector<std::string> packets = {
      "",
      "9",
      "4",
      "49",
      "42",
      "42{}",
      "42[",
      "42[]",
      "42[null]",
      "42[[]]",
      "45-[\"message\"]",
      "4599999999999999999-[\"message\"]",
      "4511-[\"message\"]",
      "451-[\"message\",{\"_placeholder\":true,\"num\":1}]",
      "451-[\"message\",{\"_placeholder\":true,\"num\":-1}]",
      "451-[\"message\",{\"_placeholder\":true,\"num\":\"0\"}]",
      "451-[\"message\",{\"_placeholder\":true,\"num\":{\"_placeholder\":true,\"num\":0}}]",
      "451-[\"message\",{\"_placeholder\":true,\"num\":1e30}]",
      "4212345678901234567890[\"message\"]",
      "42[\"connect\"]",
      "42[\"disconnect\"]",
      "40",
      "44{}",
      "43[]",
      "42[\"message\"" + std::string(1, '\0') + "]"};
  for (const std::string& packet : packets) {
    const auto client = connected();
    client->send_frame(packet);
    EXPECT_THAT(client->frame(), StartsWith("close")) << packet;
  }
  EXPECT_TRUE(refused_.has(Refusal::BadPacket, static_cast<int>(packets.size())));
}

TEST_F(SignalingAttacks, TextWhereAnAttachmentIsDueAndBytesWhereNoneIsEndTheSession) {
  const auto one = connected();
  one->send_frame("452-[\"message\",{\"_placeholder\":true,\"num\":0}]");
  one->send_frame("x", 2);
  one->send_frame("42[\"message\",1]");
  EXPECT_THAT(one->frame(), StartsWith("close"));
  const auto two = connected();
  two->send_frame("x", 2);
  EXPECT_THAT(two->frame(), StartsWith("close"));
}

TEST_F(SignalingAttacks, NullBytesInTextsAreTextLikeAnyOther) {
  const auto client = connected();
  client->send_frame("42[\"message\",\"a\\u0000b\"]");
  EXPECT_EQ(client->frame(), "42[\"back\",\"a\\u0000b\"]");
}

TEST_F(SignalingAttacks, PrototypeKeysAreNamesLikeAnyOther) {
  const auto client = connected();
  for (const char* name : {"__proto__", "constructor", "toString", "hasOwnProperty"})
    client->send_frame("42[\"" + std::string(name) + "\",{\"" + name + "\":{}}]");
  client->send_frame("42[\"message\",{\"__proto__\":{\"a\":1}}]");
  EXPECT_EQ(client->frame(), "42[\"back\",{\"__proto__\":{\"a\":1}}]");
}

TEST_F(SignalingAttacks, NestingIsBoundedAndTheConnectionStays) {
  const auto client = connected();
  client->send_frame("42[\"message\"," + std::string(400'000, '[') + std::string(400'000, ']') +
                     "]");
  EXPECT_THAT(client->frame(), StartsWith("42[\"too deep\""));
  client->send_frame("42[\"message\",2]");
  EXPECT_EQ(client->frame(), "42[\"back\",2]");
}

// Sessions, polling and its upgrade.

TEST_F(SignalingAttacks, GuessedSessionsAreUnknownAndCounted) {
  TcpClient client(port_);
  for (const char* sid : {"", "0", "__proto__", "AAAAAAAAAAAAAAAAAAAA", "%00", "../../etc"}) {
    const auto answer = client.request("GET", std::string(kPolling) + "&sid=" + sid);
    EXPECT_EQ(answer.status(), 400) << sid;
    EXPECT_THAT(answer.body, HasSubstr("Session ID unknown"));
  }
  EXPECT_TRUE(refused_.has(Refusal::BadRequest, 6));
}

TEST_F(SignalingAttacks, ASessionThatHasEndedCannotBeUsedAgain) {
  TcpClient client(port_), other(port_);
  const std::string poll = connect_polling(client);
  EXPECT_EQ(client.request("POST", poll, "", "1").body, "ok");
  EXPECT_EQ(client.request("POST", poll, "", "42[\"message\"]").status(), 400);
  EXPECT_EQ(client.request("GET", poll).status(), 400);
  EXPECT_EQ(other.upgrade(upgrade_of(poll)).status(), 400);
}

TEST_F(SignalingAttacks, TwoPollsAtOnceEndTheSession) {
  TcpClient first(port_), second(port_);
  const std::string poll = connect_polling(first);
  first.send("GET " + poll + " HTTP/1.1\r\nHost: x\r\n\r\n");
  TcpClient(port_).request("GET", "/nothing");  // By now the first poll has been read.
  EXPECT_EQ(second.request("GET", poll).status(), 400);
  EXPECT_EQ(first.answer().body, "1");
}

TEST_F(SignalingAttacks, AnUpgradeThatIsProbedTwiceIsOneUpgrade) {
  TcpClient client(port_);
  const std::string poll = connect_polling(client);
  const std::string target = upgrade_of(poll);
  TcpClient one(port_), two(port_);
  EXPECT_EQ(one.upgrade(target).status(), 101);
  EXPECT_EQ(two.upgrade(target).status(), 101);
  EXPECT_THAT(two.frame(), StartsWith("close"));
  one.send_frame("2probe");
  EXPECT_EQ(one.frame(), "3probe");
  one.send_frame("2probe");
  EXPECT_EQ(one.frame(), "3probe");
  // A POST that races the upgrade is still in time.
  EXPECT_EQ(client.request("POST", poll, "", "42[\"message\",1]").body, "ok");
  one.send_frame("5");
  EXPECT_EQ(one.frame(), "42[\"back\",1]");
  EXPECT_EQ(client.request("POST", poll, "", "42[\"message\",2]").status(), 400);
  one.send_frame("42[\"message\",3]");
  EXPECT_EQ(one.frame(), "42[\"back\",3]");
}

TEST_F(SignalingAttacks, AWebSocketOfAForeignPageIsRefusedAlsoForASessionThatThereIs) {
  TcpClient client(port_), foreign(port_);
  const std::string poll = connect_polling(client);
  const std::string target = upgrade_of(poll);
  EXPECT_EQ(foreign.upgrade(target, "Origin: https://evil.example\r\n").status(), 403);
  EXPECT_TRUE(refused_.has(Refusal::ForeignOrigin));
  EXPECT_EQ(client.request("POST", poll, "", "42[\"message\",1]").body, "ok");
}

// Numbers.

TEST_F(SignalingAttacks, SessionsThatNeverConnectMakeRoomForThoseThatDo) {
  TcpClient client(port_);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(client.request("GET", kPolling).status(), 200);
  EXPECT_TRUE(refused_.has(Refusal::NeverConnected, 460));
  connected();
}

TEST_F(SignalingAttacks, OneAddressCannotTakeAllConnections) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 49; ++i) {
    clients.push_back(std::make_unique<TcpClient>(port_));
    EXPECT_EQ(clients.back()->request("GET", "/nothing").status(), 404);
  }
  EXPECT_TRUE(TcpClient(port_).at_end());
  EXPECT_TRUE(refused_.has(Refusal::TooMany));
  clients.clear();
  int status = 0;  // The server learns of each end in its own time.
  for (int i = 0; i < 1000 && status != 404; ++i)
    status = TcpClient(port_).request("GET", "/nothing").status();
  EXPECT_EQ(status, 404);
}

TEST_F(SignalingAttacks, RequestsThatMeanTwoThingsAreRefused) {
  for (const char* header : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                             "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -1\r\n",
                             "Content-Length: 99999999999999999999\r\n"}) {
    TcpClient client(port_);
    client.send("POST /socket.io/ HTTP/1.1\r\nHost: x\r\n" + std::string(header) +
                "\r\n0\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n");
    EXPECT_GE(client.answer().status(), 400) << header;
    EXPECT_TRUE(client.at_end()) << header;
  }
}

}  // namespace
}  // namespace sfu::signaling

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "signaling/engineio/server_for_test.h"

// Requests, WebSockets, and the way from polling to a WebSocket.

namespace sfu::signaling::engineio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST_F(EngineIoServer, OffersTheUpgradeToAPollingClientAndNotToAWebSocket) {
  EXPECT_EQ(
      body(get("EIO=4&transport=polling")).substr(29),
      R"(","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket");
  ASSERT_EQ(sent_[ws].size(), 1u);
  EXPECT_THAT(sent_[ws][0], testing::StartsWith("0{\"sid\":\""));
  EXPECT_THAT(sent_[ws][0], testing::HasSubstr("\"upgrades\":[]"));
}

struct BadHandshake {
  const char* name;
  const char* method;
  const char* query;
  bool upgrade;
  const char* body;
};
class EngineIoBadRequest : public EngineIoServer,
                           public testing::WithParamInterface<BadHandshake> {};

TEST_P(EngineIoBadRequest, IsAnsweredWithTheReferenceServersCode) {
  open_polling();
  const HttpRequest bad = request(GetParam().query, GetParam().method);
  if (GetParam().upgrade) {
    const auto refusal = server_.refuse_upgrade(now_, bad);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->status, 400);
    EXPECT_EQ(refusal->body, GetParam().body);
    return;
  }
  server_.handle_request(now_, RequestId{99}, bad);
  drain();
  EXPECT_EQ(status(RequestId{99}), 400);
  EXPECT_EQ(body(RequestId{99}), GetParam().body);
  EXPECT_TRUE(closed_.empty());
}

constexpr const char* kUnknownTransport = R"({"code":0,"message":"Transport unknown"})";
constexpr const char* kBadMethod = R"({"code":2,"message":"Bad handshake method"})";
constexpr const char* kBadRequest = R"({"code":3,"message":"Bad request"})";
constexpr const char* kBadProtocol = R"({"code":5,"message":"Unsupported protocol version"})";

INSTANTIATE_TEST_SUITE_P(
    Table, EngineIoBadRequest,
    testing::Values(
        BadHandshake{"NoTransport", "GET", "EIO=4", false, kUnknownTransport},
        BadHandshake{"StrangeTransport", "GET", "EIO=4&transport=abc", false, kUnknownTransport},
        BadHandshake{"StrangeSid", "GET", "EIO=4&transport=polling&sid=abc", false, kUnknownSid},
        BadHandshake{"EmptySid", "GET", "EIO=4&transport=polling&sid=", false, kUnknownSid},
        BadHandshake{"PostToOpen", "POST", "EIO=4&transport=polling", false, kBadMethod},
        BadHandshake{"PutToOpen", "PUT", "EIO=4&transport=polling", false, kBadMethod},
        BadHandshake{"NoUpgrade", "GET", "EIO=4&transport=websocket", false, kBadRequest},
        BadHandshake{"Jsonp", "GET", "EIO=4&transport=polling&j=0", false, kBadRequest},
        BadHandshake{"NoProtocol", "GET", "transport=polling", false, kBadProtocol},
        BadHandshake{"OldProtocol", "GET", "EIO=3&transport=polling", false, kBadProtocol},
        BadHandshake{"LetterProtocol", "GET", "EIO=abc&transport=polling", false, kBadProtocol},
        BadHandshake{"UpgradeToPolling", "GET", "EIO=4&transport=polling", true, kBadRequest},
        BadHandshake{"UpgradeOfOldProtocol", "GET", "EIO=3&transport=websocket", true,
                     kBadProtocol},
        BadHandshake{"UpgradeOfNoTransport", "GET", "EIO=4", true, kUnknownTransport},
        BadHandshake{"UpgradeOfStrangeSid", "GET", "EIO=4&transport=websocket&sid=abc", true,
                     kUnknownSid}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_F(EngineIoServer, RefusesOneSessionMoreThanItsBound) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(get("EIO=4&transport=polling")), 200);
  EXPECT_EQ(status(get("EIO=4&transport=polling")), 503);
}

TEST_F(EngineIoServer, AnswersAPollOnlyOnceThereIsSomethingToSay) {
  open_polling();
  const RequestId waiting = poll();
  EXPECT_FALSE(answered(waiting));
  send("hello");
  EXPECT_EQ(body(waiting), "4hello");
}

TEST_F(EngineIoServer, PutsAllThatWasSentBetweenTwoPollsIntoOnePayload) {
  open_polling();
  send("a");
  server_.send(session_, {SharedBytes(std::string_view("\x01\x02\x03\x04")), true});
  send("b");
  EXPECT_EQ(body(poll()),
            "4a\x1e"
            "bAQIDBA==\x1e"
            "4b");
}

TEST_F(EngineIoServer, PutsAllThatIsSentInOneTurnIntoOneAnswer) {
  open_polling();
  const RequestId waiting = poll();
  server_.send(session_, text_frame(PacketType::Message, "a"));
  server_.send(session_, text_frame(PacketType::Message, "b"));
  drain();
  EXPECT_EQ(body(waiting),
            "4a\x1e"
            "4b");
}

TEST_F(EngineIoServer, HandsMessagesUpInTheirOrder) {
  open_polling();
  EXPECT_EQ(body(post("4one\x1e"
                      "bAQ==\x1e"
                      "4two")),
            "ok");
  EXPECT_THAT(messages_, ElementsAre("one", "b\x01", "two"));
}

TEST_F(EngineIoServer, TwoPollsAtOnceEndTheSession) {
  open_polling();
  const RequestId first = poll();
  const RequestId second = poll();
  EXPECT_EQ(body(first), "1");
  EXPECT_EQ(status(second), 400);
  EXPECT_THAT(closed_, ElementsAre(CloseReason::TransportError));
  EXPECT_EQ(body(poll()), kUnknownSid);
}

TEST_F(EngineIoServer, ASecondPostWhileTheBodyOfTheFirstIsOnItsWayEndsTheSession) {
  open_polling();
  const HttpRequest head = request("EIO=4&transport=polling&sid=" + sid_, "POST");
  server_.handle_request_head(now_, RequestId{51}, head);
  server_.handle_request_head(now_, RequestId{52}, head);
  drain();
  EXPECT_THAT(closed_, ElementsAre(CloseReason::TransportError));
  EXPECT_EQ(status(post("4late")), 400);
  EXPECT_TRUE(messages_.empty());
}

TEST_F(EngineIoServer, TwoPostsOneAfterTheOtherAreWelcome) {
  open_polling();
  const HttpRequest head = request("EIO=4&transport=polling&sid=" + sid_, "POST");
  for (std::uint64_t id = 51; id < 53; ++id) {
    server_.handle_request_head(now_, RequestId{id}, head);
    HttpRequest whole = head;
    whole.body = "4x";
    server_.handle_request(now_, RequestId{id}, whole);
    drain();
    EXPECT_EQ(status(RequestId{id}), 200);
  }
  EXPECT_EQ(messages_.size(), 2u);
}

TEST_F(EngineIoServer, APollThatTheClientBreaksOffEndsTheSession) {
  open_polling();
  server_.handle_request_gone(now_, poll());
  drain();
  EXPECT_THAT(closed_, ElementsAre(CloseReason::TransportError));
  EXPECT_EQ(server_.session_count(), 0u);
}

TEST_F(EngineIoServer, AClosePacketReleasesTheWaitingPollWithANoop) {
  open_polling();
  const RequestId waiting = poll();
  EXPECT_EQ(body(post("1")), "ok");
  EXPECT_EQ(body(waiting), "6");
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ClientClose));
}

struct BadPacket {
  const char* name;
  const char* text;
  CloseReason reason;
};
class EngineIoBadPacket : public EngineIoServer, public testing::WithParamInterface<BadPacket> {};

TEST_P(EngineIoBadPacket, EndsAPollingSession) {
  open_polling();
  post(GetParam().text);
  EXPECT_THAT(closed_, ElementsAre(GetParam().reason));
  EXPECT_EQ(server_.session_count(), 0u);
}

TEST_P(EngineIoBadPacket, EndsAWebSocketSession) {
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket");
  receive(ws, GetParam().text);
  EXPECT_THAT(closed_, ElementsAre(GetParam().reason));
  EXPECT_EQ(sent_[ws].back(), "<close>");
}

INSTANTIATE_TEST_SUITE_P(Table, EngineIoBadPacket,
                         testing::Values(BadPacket{"UnknownType", "abc", CloseReason::ParseError},
                                         BadPacket{"Empty", "", CloseReason::ParseError},
                                         BadPacket{"PingFromTheClient", "2",
                                                   CloseReason::TransportError},
                                         BadPacket{"Close", "1", CloseReason::ClientClose}),
                         [](const auto& param_info) { return param_info.param.name; });

TEST_F(EngineIoServer, PacketsThatMeanNothingHereAreIgnored) {
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket");
  for (const char* text : {"0", "3", "5", "6", "3probe"}) receive(ws, text);
  EXPECT_TRUE(closed_.empty());
  EXPECT_TRUE(messages_.empty());
}

TEST_F(EngineIoServer, UpgradesAfterAProbeAndReleasesTheWaitingPoll) {
  open_polling();
  const RequestId waiting = poll();
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket&sid=" + sid_);
  receive(ws, "2probe");
  EXPECT_THAT(sent_[ws], ElementsAre("3probe"));
  EXPECT_EQ(body(waiting), "6");
  EXPECT_EQ(body(poll()), "6") << "also the poll that comes after the probe";
  send("meanwhile");
  receive(ws, "5");
  send("after");
  EXPECT_THAT(sent_[ws], ElementsAre("3probe", "4meanwhile", "4after"));
  EXPECT_EQ(body(poll()), kBadRequest);
  receive(ws, "4up");
  EXPECT_THAT(messages_, ElementsAre("up"));
}

TEST_F(EngineIoServer, ClosesASecondWebSocketOfOneSession) {
  open_polling();
  const std::string query = "EIO=4&transport=websocket&sid=" + sid_;
  const WebSocketId ws = open_websocket(query);
  EXPECT_THAT(sent_[open_websocket(query)], ElementsAre("<close>")) << "while the first probes";
  receive(ws, "2probe");
  receive(ws, "5");
  EXPECT_THAT(sent_[open_websocket(query)], ElementsAre("<close>")) << "after the upgrade";
  send("still here");
  EXPECT_EQ(sent_[ws].back(), "4still here");
}

TEST_F(EngineIoServer, AWebSocketThatDoesNotProbeIsClosedAndPollingGoesOn) {
  for (const char* wrong : {"4hello", "5", "2", "", "2probe2"}) {
    open_polling();
    const WebSocketId ws = open_websocket("EIO=4&transport=websocket&sid=" + sid_);
    receive(ws, wrong);
    EXPECT_THAT(sent_[ws], ElementsAre("<close>")) << wrong;
    send("polled");
    EXPECT_EQ(body(poll()), "4polled");
    post("1");
  }
  EXPECT_TRUE(messages_.empty());
}

TEST_F(EngineIoServer, AnUpgradeThatStopsHalfwayIsGivenUpAfterTenSeconds) {
  open_polling();
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket&sid=" + sid_);
  receive(ws, "2probe");
  pass(seconds(10) - milliseconds(1));
  EXPECT_THAT(sent_[ws], ElementsAre("3probe"));
  pass(milliseconds(1));
  EXPECT_THAT(sent_[ws], ElementsAre("3probe", "<close>"));
  send("polled");
  EXPECT_EQ(body(poll()), "4polled");
}

}  // namespace
}  // namespace sfu::signaling::engineio

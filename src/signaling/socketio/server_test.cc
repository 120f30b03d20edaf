#include "signaling/socketio/server_for_test.h"

namespace sfu::signaling::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::StartsWith;

TEST_F(SocketIoServer, ConnectsWithTheClientsAuthAndAnIdOfItsOwn) {
  receive(open(), R"(40{"token":"abc"})");
  EXPECT_THAT(handler_.log, ElementsAre(R"(connect / {"token":"abc"})"));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_THAT(sent_[0], testing::MatchesRegex("40\\{\"sid\":\"[A-Za-z0-9_-]{20}\"\\}"));
  EXPECT_TRUE(server_.is_connected(handler_.last));
}

TEST_F(SocketIoServer, TellsQueryAndHeadersOfTheHandshake) {
  const WebSocketId ws = open();
  class Reader final : public Handler {
   public:
    Result<void, ConnectRefusal> on_connect(ConnectionId, const Handshake& handshake) override {
      room = handshake.request.parameter("roomId");
      agent = handshake.request.header("user-agent");
      cookie = handshake.request.header("cookie").has_value();
      return {};
    }
    void on_event(ConnectionId, Event) override {}
    void on_too_deep(ConnectionId, std::optional<std::string>, std::optional<Ack>) override {}
    void on_disconnect(ConnectionId, DisconnectReason) override {}
    std::optional<std::string> room, agent;
    bool cookie = true;
  } reader;
  server_.add_namespace("/reader", reader);
  receive(ws, "40/reader,");
  EXPECT_EQ(reader.room, "r1");
  EXPECT_EQ(reader.agent, "test");
  EXPECT_FALSE(reader.cookie) << "what nobody asks for is not kept";
}

TEST_F(SocketIoServer, WhatIsEmittedWhileConnectingFollowsTheAcceptance) {
  handler_.in_connect = [this](ConnectionId id) { server_.emit(id, "hello", {{"a", 1}}); };
  receive(open(), "40");
  EXPECT_THAT(sent_, ElementsAre(StartsWith("40{"), R"(42["hello",{"a":1}])"));
}

TEST_F(SocketIoServer, ARefusalCarriesMessageAndDataAndLeavesNothingBehind) {
  handler_.refusal = ConnectRefusal{"Authentication failed", {{"code", "token_missing"}}};
  const WebSocketId ws = open();
  receive(ws, "40");
  EXPECT_THAT(
      sent_,
      ElementsAre(R"(44{"message":"Authentication failed","data":{"code":"token_missing"}})"));
  EXPECT_EQ(server_.connection_count(), 0u);
  handler_.log.clear();
  close(ws, WebSocketEnd::Closed);
  EXPECT_TRUE(handler_.log.empty());
}

TEST_F(SocketIoServer, AnUnknownNamespaceIsRefusedAndTheConnectionStays) {
  const WebSocketId ws = open();
  receive(ws, "40/random");
  receive(ws, "40");
  EXPECT_THAT(sent_,
              ElementsAre(R"(44/random,{"message":"Invalid namespace"})", StartsWith("40{")));
}

TEST_F(SocketIoServer, ASessionOfWhichAHundredConnectsWereRefusedIsClosed) {
  const WebSocketId ws = open();
  for (std::size_t i = 1; i < Server::kMaxRefusedConnects; ++i) receive(ws, "40/random");
  EXPECT_THAT(sent_, testing::Not(testing::Contains("<close>")));
  receive(ws, "40/random");
  EXPECT_EQ(sent_.back(), "<close>");
}

TEST_F(SocketIoServer, AuthThatIsNestedTooDeepIsRefusedByName) {
  receive(open(), R"(40{"a":)" + std::string(40, '[') + std::string(40, ']') + "}");
  EXPECT_THAT(sent_, ElementsAre(testing::HasSubstr("too_deep")));
  EXPECT_TRUE(handler_.log.empty());
}

TEST_F(SocketIoServer, EventsReachTheHandlerOfTheirNamespace) {
  const WebSocketId ws = connect();
  receive(ws, "40/custom,{}");
  receive(ws, R"(42["a",1])");
  receive(ws, R"(42/custom,5["b"])");
  EXPECT_THAT(handler_.log, ElementsAre("event a [1]"));
  EXPECT_THAT(custom_.log, ElementsAre("connect /custom {}", "event b [] ack"));
}

TEST_F(SocketIoServer, AnAcknowledgementGoesToItsNamespaceWithItsNumber) {
  const WebSocketId ws = connect();
  receive(ws, "40/custom,");
  sent_.clear();
  custom_.in_event = [this](ConnectionId, Event& event) {
    server_.acknowledge(std::move(*event.ack), {{"ok", true}});
  };
  receive(ws, R"(42/custom,12["b"])");
  EXPECT_THAT(sent_, ElementsAre(R"(43/custom,12[{"ok":true}])"));
}

TEST_F(SocketIoServer, AnAcknowledgementAfterTheEndGoesNowhere) {
  const WebSocketId ws = connect();
  std::optional<Ack> kept;
  handler_.in_event = [&](ConnectionId, Event& event) { kept = std::move(event.ack); };
  receive(ws, R"(421["a"])");
  close(ws, WebSocketEnd::Closed);
  server_.acknowledge(std::move(*kept), nullptr);
  drain();
  EXPECT_TRUE(sent_.empty());
}

TEST_F(SocketIoServer, AnEventNestedTooDeepIsToldByNameAndKeepsTheConnection) {
  const WebSocketId ws = connect();
  receive(ws, R"(423["join",)" + std::string(33, '[') + std::string(33, ']') + "]");
  receive(ws, R"(42["next"])");
  EXPECT_THAT(handler_.log, ElementsAre("too deep join ack", "event next []"));
}

TEST_F(SocketIoServer, OneEncodedEventGoesToMany) {
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 3; ++i) {
    connect();
    ids.push_back(handler_.last);
  }
  const Encoded encoded = Server::encode("news", {{"n", 1}});
  for (const ConnectionId id : ids) server_.emit(id, encoded);
  drain();
  EXPECT_THAT(sent_, ElementsAre(R"(42["news",{"n":1}])", R"(42["news",{"n":1}])",
                                 R"(42["news",{"n":1}])"));
}

TEST_F(SocketIoServer, HasLeftAfterADisconnectPacketAndStaysConnectableInTheSameTransport) {
  const WebSocketId ws = connect();
  receive(ws, "41");
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: client disconnect"));
  EXPECT_TRUE(has_left(DisconnectReason::ClientDisconnect));
  EXPECT_TRUE(sent_.empty());
  receive(ws, "40");
  EXPECT_THAT(sent_, ElementsAre(StartsWith("40{")));
  close(ws, WebSocketEnd::Closed);
  EXPECT_EQ(handler_.log.back(), "disconnect: transport close");
}

TEST_F(SocketIoServer, ADisconnectPacketBeforeTheTransportsEndCountsAndItIsToldOnce) {
  const WebSocketId ws = connect();
  receive(ws, "41");
  close(ws, WebSocketEnd::Closed);
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: client disconnect"));
}

TEST_F(SocketIoServer, HasLeftWhenThePageGoesAwayAndVanishedWhenItsTransportBreaks) {
  close(connect(), WebSocketEnd::GoingAway);
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: page gone"));
  EXPECT_TRUE(has_left(DisconnectReason::PageGone));
  close(connect(), WebSocketEnd::Closed);
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: transport close"));
  close(connect(), WebSocketEnd::TooSlow);
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: slow reader"));
  for (const auto reason : {DisconnectReason::TransportClose, DisconnectReason::SlowReader,
                            DisconnectReason::PingTimeout, DisconnectReason::ParseError,
                            DisconnectReason::TransportError, DisconnectReason::ServerDisconnect})
    EXPECT_FALSE(has_left(reason));
}

TEST_F(SocketIoServer, EveryNamespaceHearsOfTheTransportsEnd) {
  const WebSocketId ws = connect();
  receive(ws, "40/custom,");
  custom_.log.clear();
  // The other connection of the ended transport must be as gone as this one.
  handler_.in_disconnect = [this] { server_.emit(custom_.last, "late", nullptr); };
  close(ws, WebSocketEnd::Closed);
  EXPECT_EQ(handler_.log.size(), 1u);
  EXPECT_EQ(custom_.log.size(), 1u);
  EXPECT_EQ(server_.connection_count(), 0u);
}

TEST_F(SocketIoServer, BreakingThePacketRulesEndsTheConnection) {
  for (const char* wrong :
       {"4abc", "42{}", "42abc[\"a\"]", "40", "44{\"message\":\"x\"}", "42/custom,[\"a\"]",
        "42/random,[\"a\"]", "42[\"disconnect\"]", "41{}"}) {
    const WebSocketId ws = connect();
    receive(ws, wrong);
    EXPECT_THAT(sent_, ElementsAre("<close>")) << wrong;
    EXPECT_THAT(handler_.log, ElementsAre("disconnect: parse error")) << wrong;
  }
}

TEST_F(SocketIoServer, NothingIsHandledBeforeTheConnect) {
  for (const char* early : {"42[\"a\"]", "41", "431[]", "4"}) {
    const WebSocketId ws = open();
    receive(ws, early);
    EXPECT_THAT(sent_, ElementsAre("<close>")) << early;
  }
  receive(open(), "bytes", true);
  EXPECT_THAT(sent_, ElementsAre("<close>"));
  EXPECT_TRUE(handler_.log.empty());
}

TEST_F(SocketIoServer, AnAckThatNobodyAskedForIsIgnored) {
  const WebSocketId ws = connect();
  receive(ws, "431[]");
  EXPECT_TRUE(sent_.empty());
  EXPECT_TRUE(handler_.log.empty());
}

TEST_F(SocketIoServer, WithoutAConnectTheTransportIsClosedAfter45SecondsAndNotBefore) {
  open();
  EXPECT_EQ(server_.next_timeout(), now_ + seconds(45));
  pass(seconds(45) - milliseconds(1));
  EXPECT_TRUE(sent_.empty());
  pass(milliseconds(1));
  EXPECT_THAT(sent_, ElementsAre("<close>"));
}

TEST_F(SocketIoServer, TheConnectTimeoutEndsWithTheConnectAndReturnsWithTheLastDisconnect) {
  const WebSocketId ws = connect();
  EXPECT_FALSE(server_.next_timeout());
  receive(ws, "41");
  EXPECT_EQ(server_.next_timeout(), now_ + seconds(45));
}

TEST_F(SocketIoServer, DisconnectSendsItsPacketAndDropDoesNot) {
  connect();
  server_.disconnect(handler_.last);
  EXPECT_FALSE(server_.is_connected(handler_.last));
  EXPECT_TRUE(handler_.log.empty()) << "never from within the call";
  server_.emit(handler_.last, "late", nullptr);
  drain();
  EXPECT_THAT(sent_, ElementsAre("41", "<close>"));
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: server disconnect"));

  connect();
  server_.drop(handler_.last);
  drain();
  EXPECT_THAT(sent_, ElementsAre("<close>"));
}

TEST_F(SocketIoServer, WhatFollowsInTheSameReadAfterADisconnectIsNotHandled) {
  const WebSocketId ws = connect();
  handler_.in_event = [this](ConnectionId id, Event&) { server_.disconnect(id); };
  transport_.handle_websocket_message(now_, ws, R"(42["a"])", false);
  transport_.handle_websocket_message(now_, ws, R"(42["b"])", false);
  drain();
  EXPECT_THAT(handler_.log, ElementsAre("event a []", "disconnect: server disconnect"));
}

TEST_F(SocketIoServer, BinaryEventsArriveWithTheirAttachments) {
  const WebSocketId ws = connect();
  std::string bytes;
  handler_.in_event = [&](ConnectionId id, Event& event) {
    bytes = as_text(*event.arguments.attachment(event.arguments.values[0]));
    server_.emit_arguments(id, "back", event.arguments);
  };
  receive(ws, R"(451-["up",{"_placeholder":true,"num":0}])");
  EXPECT_TRUE(handler_.log.empty());
  receive(ws, std::string("\x00\x01", 2), true);
  EXPECT_EQ(bytes, std::string("\x00\x01", 2));
  EXPECT_THAT(sent_, ElementsAre(R"(451-["back",{"_placeholder":true,"num":0}])",
                                 std::string("\x00\x01", 2)));
}

TEST_F(SocketIoServer, WhoHasNotConnectedMaySendNothingElseAndNothingOfItIsKept) {
  for (const char* text :
       {R"(451-["x",[[0],[0]]])", R"(4510-["x"])", R"(42["x"])", "41", "430[]"}) {
    sent_.clear();
    receive(open(), text);
    EXPECT_THAT(sent_, ElementsAre("<close>")) << text;
    EXPECT_EQ(unfinished_.held(), 0u) << text;
  }
  sent_.clear();
  receive(open(), "bytes", true);
  EXPECT_THAT(sent_, ElementsAre("<close>"));
}

/// Of what is waited for, all connections may keep two and a half times this.
constexpr std::size_t kHalf = 100'000;

Options with_room_for_little() {
  Options options;
  options.max_unfinished_bytes = 5 * kHalf;
  return options;
}

class SocketIoServerWithLittleRoom : public SocketIoServer {
 protected:
  SocketIoServerWithLittleRoom() : SocketIoServer(with_room_for_little()) {}

  /// Sends an event of which two attachments are missing.
  WebSocketId begin(std::size_t bytes) {
    const WebSocketId ws = connect();
    const std::string text = R"(452-["x",")";
    receive(ws, text + std::string(bytes - text.size() + 1 - 2, 'x') + "\"]");
    return ws;
  }
};

TEST_F(SocketIoServerWithLittleRoom, PacketsThatLackAttachmentsHoldNoMoreThanIsLeftForAll) {
  const WebSocketId first = begin(kHalf);
  receive(first, std::string(kHalf, 'x'), true);
  const WebSocketId second = begin(2 * kHalf);
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(unfinished_.held(), 4 * kHalf);
  begin(2 * kHalf);
  EXPECT_THAT(sent_, ElementsAre("<close>"));
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: too much"));
  EXPECT_EQ(unfinished_.held(), 4 * kHalf) << "who went beyond holds nothing";

  sent_.clear();
  receive(first, "y", true);
  EXPECT_EQ(unfinished_.held(), 2 * kHalf) << "what is complete is held no more";
  close(second, WebSocketEnd::Closed);
  EXPECT_EQ(unfinished_.held(), 0u);
  begin(4 * kHalf);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(SocketIoServer, APacketWaitsForItsAttachmentsUntilTheDeadlineAndNoLonger) {
  const WebSocketId in_time = connect();
  const WebSocketId late = connect();
  for (const WebSocketId ws : {in_time, late})
    receive(ws, R"(451-["x",{"_placeholder":true,"num":0}])");
  pass(Server::kAttachmentsTimeout - milliseconds(1));
  receive(in_time, "bytes", true);
  EXPECT_EQ(server_.next_timeout(), now_ + milliseconds(1));
  handler_.log.clear();
  sent_.clear();
  pass(milliseconds(1));
  EXPECT_THAT(handler_.log, ElementsAre("disconnect: too much"));
  EXPECT_THAT(sent_, ElementsAre("<close>"));
  handler_.log.clear();
  receive(in_time, R"(42["next"])");
  EXPECT_THAT(handler_.log, ElementsAre("event next []"));
}

}  // namespace
}  // namespace sfu::signaling::socketio

#include "signaling/socketio/recovery.h"

#include <boost/json/parse.hpp>

#include "signaling/socketio/server_for_test.h"

namespace sfu::signaling::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

Options small_bounds() {
  Options options;
  options.recovery_window = seconds(30);
  options.recovery_packets = 4;
  options.recovery_bytes = 1'000;
  options.recovery_total_bytes = 1'500;
  options.max_sessions = 3;
  return options;
}

std::string last_argument(const std::string& packet) {
  return std::string(json::parse(packet.substr(packet.find('['))).as_array().back().as_string());
}

/// A client of socket.io-client's ways: it keeps pid and offset, and shows them when it comes back.
class RecoveryTest : public SocketIoServer {
 protected:
  RecoveryTest() : SocketIoServer(small_bounds()) { handler_.owner = "bob"; }

  struct Session {
    WebSocketId ws;
    ConnectionId id;
    json::object welcome;  // sid and pid
  };
  Session start(const json::object& auth = {}) {
    const WebSocketId ws = open();
    receive(ws, "40" + json::serialize(auth));
    return {ws, handler_.last, json::parse(sent_.at(0).substr(2)).as_object()};
  }
  Session come_back(const Session& before, const std::string& offset) {
    return start({{"pid", before.welcome.at("pid")}, {"offset", offset}});
  }
  std::string emit(const Session& to, int n) {
    sent_.clear();
    server_.emit(to.id, "news", {{"n", n}});
    drain();
    return sent_.empty() ? "" : last_argument(sent_[0]);
  }
  static bool is_same(const Session& a, const Session& b) {
    return a.welcome.at("pid") == b.welcome.at("pid") && a.welcome.at("sid") == b.welcome.at("sid");
  }
};

TEST_F(RecoveryTest, ARecoverableConnectionIsToldAPidThatIsNotItsSid) {
  const Session session = start();
  EXPECT_THAT(std::string(session.welcome.at("pid").as_string()),
              MatchesRegex("[A-Za-z0-9_-]{20}"));
  EXPECT_NE(session.welcome.at("pid"), session.welcome.at("sid"));
  EXPECT_NE(session.welcome.at("pid"), start().welcome.at("pid"));
}

TEST_F(RecoveryTest, WithoutAnOwnerThereIsNeitherPidNorOffset) {
  handler_.owner.reset();
  const Session session = start();
  EXPECT_FALSE(session.welcome.contains("pid"));
  sent_.clear();
  server_.emit(session.id, "news", {{"n", 1}});
  drain();
  EXPECT_THAT(sent_, ElementsAre(R"(42["news",{"n":1}])"));
}

TEST_F(RecoveryTest, EachEventsLastArgumentIsItsOffset) {
  const Session session = start();
  const std::string first = emit(session, 1);
  EXPECT_EQ(sent_[0], R"(42["news",{"n":1},")" + first + R"("])");
  EXPECT_NE(emit(session, 2), first);
}

TEST_F(RecoveryTest, AnEventToManyHasOneOffsetAndIsWrittenOnce) {
  const Session a = start(), b = start();
  sent_.clear();
  const Encoded encoded = Server::encode("news", {{"n", 1}});
  server_.emit(a.id, encoded);
  server_.emit(b.id, encoded);
  drain();
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(sent_[0], sent_[1]);
  server_.emit(a.id, encoded);
  drain();
  EXPECT_NE(sent_[2], sent_[0]) << "the same event again is another one";
}

TEST_F(RecoveryTest, AcknowledgementsHaveNoOffset) {
  const Session session = start();
  sent_.clear();
  handler_.in_event = [this](ConnectionId, Event& event) {
    server_.acknowledge(std::move(*event.ack), {{"ok", true}});
  };
  receive(session.ws, R"(421["a"])");
  EXPECT_THAT(sent_, ElementsAre(R"(431[{"ok":true}])"));
}

TEST_F(RecoveryTest, VolatileEventsHaveNoOffsetAndAreNotKept) {
  const Session before = start();
  const Encoded encoded = Server::encode("levels", {{"n", 1}});
  const std::string seen = emit(before, 1);
  sent_.clear();
  server_.emit_volatile(before.id, encoded);
  drain();
  EXPECT_THAT(sent_, ElementsAre(R"(42["levels",{"n":1}])"));
  close(before.ws, WebSocketEnd::Closed);
  for (int i = 0; i < 100; ++i) server_.emit_volatile(before.id, encoded);
  emit(before, 2);
  come_back(before, seen);
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(sent_[1], StartsWith(R"(42["news",{"n":2},)"));
}

TEST_F(RecoveryTest, WhatWasMissedFollowsTheSameIdsInItsOrder) {
  const Session before = start();
  const std::string seen = emit(before, 1);
  const std::string lost_on_the_way = emit(before, 2);
  close(before.ws, WebSocketEnd::Closed);
  EXPECT_EQ(emit(before, 3), "") << "goes nowhere yet";
  const Session after = come_back(before, seen);
  EXPECT_TRUE(is_same(before, after));
  ASSERT_THAT(sent_, SizeIs(3));
  EXPECT_THAT(sent_[1], StartsWith(R"(42["news",{"n":2},")" + lost_on_the_way));
  EXPECT_THAT(sent_[2], StartsWith(R"(42["news",{"n":3},)"));
  EXPECT_THAT(handler_.recovered, ElementsAre(std::pair(after.id, before.id)));
}

TEST_F(RecoveryTest, WhatIsEmittedWhileConnectingFollowsWhatWasMissed) {
  const Session before = start();
  const std::string seen = emit(before, 1);
  close(before.ws, WebSocketEnd::Closed);
  emit(before, 2);
  handler_.in_connect = [this](ConnectionId id) { server_.emit(id, "hello", nullptr); };
  come_back(before, seen);
  ASSERT_THAT(sent_, SizeIs(3));
  EXPECT_THAT(sent_[2], StartsWith(R"(42["hello",null,")"));
}

TEST_F(RecoveryTest, ItCanBeRecoveredTimeAndAgain) {
  Session session = start();
  std::string seen = emit(session, 0);
  for (int i = 1; i <= 10; ++i) {
    close(session.ws, WebSocketEnd::Closed);
    emit(session, i);
    const Session next = come_back(session, seen);
    ASSERT_TRUE(is_same(session, next)) << i;
    ASSERT_THAT(sent_, SizeIs(2));
    seen = last_argument(sent_[1]);
    session = next;
  }
}

TEST_F(RecoveryTest, AClientThatHasSeenNoEventYetGetsThemAll) {
  const Session before = start();
  emit(before, 1);
  close(before.ws, WebSocketEnd::Closed);
  start({{"pid", before.welcome.at("pid")}});
  EXPECT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(handler_.recovered, SizeIs(1));
}

TEST_F(RecoveryTest, AnOffsetThatIsNoneOfTheSessionsCountsAsNoneSeen) {
  for (const std::string offset : {"", "7", "AAAAAAAA.1", "user-id", "99999999999999999999999"}) {
    const Session before = start();
    emit(before, 1);
    close(before.ws, WebSocketEnd::Closed);
    come_back(before, offset);
    EXPECT_THAT(sent_, SizeIs(2)) << offset;
    close(WebSocketId{last_websocket_}, WebSocketEnd::GoingAway);
  }
}

TEST_F(RecoveryTest, AConnectionThatLooksAliveIsDroppedWithoutAWord) {
  const Session before = start();
  const std::string seen = emit(before, 1);
  const Session after = come_back(before, seen);
  EXPECT_TRUE(is_same(before, after));
  EXPECT_THAT(sent_, ElementsAre(StartsWith("40{"), "<close>"));
  EXPECT_FALSE(server_.is_connected(before.id));
  sent_.clear();
  server_.emit(before.id, "late", nullptr);
  drain();
  EXPECT_TRUE(sent_.empty());
  close(before.ws, WebSocketEnd::Closed);
  close(after.ws, WebSocketEnd::Closed);
  EXPECT_TRUE(is_same(after, come_back(after, seen))) << "the old one's end took nothing along";
}

TEST_F(RecoveryTest, AnothersPidStartsANewSessionAndLeavesHisAlone) {
  const Session bobs = start();
  const std::string seen = emit(bobs, 1);
  close(bobs.ws, WebSocketEnd::Closed);
  emit(bobs, 2);
  handler_.owner = "eve";
  const Session eves = come_back(bobs, seen);
  EXPECT_THAT(sent_, SizeIs(1));
  EXPECT_NE(eves.welcome.at("pid"), bobs.welcome.at("pid"));
  EXPECT_NE(eves.welcome.at("sid"), bobs.welcome.at("sid"));
  EXPECT_TRUE(handler_.recovered.empty());
  handler_.owner = "bob";
  EXPECT_TRUE(is_same(bobs, come_back(bobs, seen)));
}

TEST_F(RecoveryTest, APidThatIsUnknownOrNoTextStartsANewSession) {
  for (const json::value& pid :
       {json::value("AAAAAAAAAAAAAAAAAAAA"), json::value(""), json::value(7), json::value(nullptr),
        json::value(json::object{}), json::value(std::string(5000, 'x'))}) {
    const Session session = start({{"pid", pid}, {"offset", "0"}});
    EXPECT_TRUE(session.welcome.contains("pid"));
    EXPECT_TRUE(handler_.recovered.empty());
    close(session.ws, WebSocketEnd::GoingAway);
  }
}

TEST_F(RecoveryTest, ARefusedTokenRecoversNothingAndLosesNothing) {
  const Session before = start();
  const std::string seen = emit(before, 1);
  close(before.ws, WebSocketEnd::Closed);
  handler_.refusal = ConnectRefusal{"Authentication failed", {{"code", "token_expired"}}};
  const WebSocketId refused = open();
  receive(refused, "40" + json::serialize(
                              json::object{{"pid", before.welcome.at("pid")}, {"offset", seen}}));
  EXPECT_THAT(sent_, ElementsAre(StartsWith("44{")));
  handler_.refusal.reset();
  EXPECT_TRUE(is_same(before, come_back(before, seen)));
}

TEST_F(RecoveryTest, WhoLeftOrWasSentAwayCannotRecover) {
  const auto end = [this](int way, const Session& session) {
    if (way == 0) receive(session.ws, "41");
    if (way == 1) close(session.ws, WebSocketEnd::GoingAway);
    if (way == 2) server_.disconnect(session.id);
    if (way == 3) server_.drop(session.id);
    drain();
  };
  for (int way = 0; way < 4; ++way) {
    const Session before = start();
    const std::string seen = emit(before, 1);
    end(way, before);
    const Session after = come_back(before, seen);
    EXPECT_FALSE(is_same(before, after)) << way;
    close(before.ws, WebSocketEnd::GoingAway);
    close(after.ws, WebSocketEnd::GoingAway);
  }
}

TEST_F(RecoveryTest, DroppedAfterItsEndItCannotBeRecovered) {
  const Session before = start();
  const std::string seen = emit(before, 1);
  close(before.ws, WebSocketEnd::Closed);
  server_.drop(before.id);
  EXPECT_FALSE(is_same(before, come_back(before, seen)));
}

TEST_F(RecoveryTest, IsKeptForTheWindowAndNoLonger) {
  const Session a = start();
  const std::string seen = emit(a, 1);
  close(a.ws, WebSocketEnd::Closed);
  pass(seconds(30) - milliseconds(1));
  const Session again = come_back(a, seen);
  EXPECT_TRUE(is_same(a, again));
  close(again.ws, WebSocketEnd::Closed);
  pass(seconds(30));
  EXPECT_FALSE(is_same(a, come_back(a, seen)));
}

TEST_F(RecoveryTest, FourMissedEventsAreKeptAndFiveAreNot) {
  for (const int missed : {4, 5}) {
    const Session before = start();
    const std::string seen = emit(before, 0);
    close(before.ws, WebSocketEnd::Closed);
    for (int i = 1; i <= missed; ++i) emit(before, i);
    EXPECT_EQ(is_same(before, come_back(before, seen)), missed == 4) << missed;
  }
}

TEST_F(RecoveryTest, BytesOfOneSessionAreBounded) {
  for (const std::size_t length : {900u, 1000u}) {
    const Session before = start();
    const std::string seen = emit(before, 0);
    close(before.ws, WebSocketEnd::Closed);
    server_.emit(before.id, "large", json::string(length, 'x'));
    EXPECT_EQ(is_same(before, come_back(before, seen)), length == 900u) << length;
  }
}

TEST_F(RecoveryTest, BytesOfAllSessionsAreBoundedAndTheOneThatGoesBeyondPays) {
  const Session a = start(), b = start();
  const std::string seen_a = emit(a, 0), seen_b = emit(b, 0);
  close(a.ws, WebSocketEnd::Closed);
  close(b.ws, WebSocketEnd::Closed);
  server_.emit(a.id, "large", json::string(800, 'x'));
  server_.emit(b.id, "large", json::string(800, 'x'));
  EXPECT_TRUE(is_same(a, come_back(a, seen_a)));
  EXPECT_FALSE(is_same(b, come_back(b, seen_b)));
}

TEST_F(RecoveryTest, BytesOfAllSessionsAreBoundedAndWhoHoldsLittleKeepsIt) {
  const Session a = start(), b = start(), small = start();
  const std::string seen = emit(small, 0);
  for (const Session& large : {a, b}) server_.emit(large.id, "large", json::string(650, 'x'));
  close(small.ws, WebSocketEnd::Closed);
  server_.emit(small.id, "missed", json::string(200, 'x'));
  EXPECT_TRUE(is_same(small, come_back(small, seen)));
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(sent_[1], StartsWith(R"(42["missed",)"));
  close(b.ws, WebSocketEnd::Closed);
  EXPECT_FALSE(is_same(a, come_back(a, "")));
}

TEST_F(RecoveryTest, OfMoreEndedSessionsThanAreKeptTheOldestGoes) {
  std::vector<Session> ended;
  for (int i = 0; i < 4; ++i) {
    ended.push_back(start());
    close(ended.back().ws, WebSocketEnd::Closed);
    pass(seconds(1));
  }
  EXPECT_FALSE(is_same(ended[0], come_back(ended[0], "")));
  EXPECT_TRUE(is_same(ended[1], come_back(ended[1], "")));
}

TEST(Recovery, PythonsClientIsTheOneThatIsKnownNotToKnowIt) {
  EXPECT_TRUE(may_know_recovery(std::nullopt));
  EXPECT_TRUE(may_know_recovery("Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0"));
  EXPECT_TRUE(may_know_recovery("node-XMLHttpRequest"));
  EXPECT_FALSE(may_know_recovery("Python/3.11 aiohttp/3.8.4"));
  EXPECT_FALSE(may_know_recovery("python-requests/2.28.1"));
}

TEST(Recovery, EventsAreForgottenByAgeAlsoOfALivingConnection) {
  crypto::SeededRandom random(3);
  Options options = small_bounds();  // 25 s, 20 s and 30 s: 75 s in all.
  Recovery recovery(options, random);
  Timestamp now{seconds(100)};
  recovery.handle_timeout(now);
  const ConnectionId id{1};
  const std::string pid = recovery.begin(id, "/", "sid", "bob");
  recovery.keep(id, encode_event("/", "news", json::value(1)));
  EXPECT_GT(recovery.kept_bytes(), 0u);
  const Timestamp emitted = now;
  while (recovery.kept_bytes() > 0) {
    ASSERT_TRUE(recovery.next_timeout());
    ASSERT_GE(*recovery.next_timeout(), now);
    now = std::max(*recovery.next_timeout(), now + milliseconds(1));
    recovery.handle_timeout(now);
    ASSERT_LT(now - emitted, seconds(75) + 2 * Recovery::kSweepInterval);
  }
  EXPECT_GE(now - emitted, seconds(75));
  EXPECT_FALSE(recovery.next_timeout()) << "nothing is left to wait for";
  EXPECT_FALSE(recovery.recover(ConnectionId{2}, pid, std::nullopt, "/", "bob"));
}

TEST(Recovery, NothingIsLeftOfSessionsThatAreForgotten) {
  crypto::SeededRandom random(3);
  Recovery recovery(small_bounds(), random);
  recovery.begin(ConnectionId{1}, "/", "sid", "bob");
  recovery.keep(ConnectionId{1}, encode_event("/", "news", json::value(1)));
  recovery.end(Timestamp{seconds(1)}, ConnectionId{1});
  recovery.forget(ConnectionId{1});
  EXPECT_EQ(recovery.session_count(), 0u);
  EXPECT_EQ(recovery.kept_bytes(), 0u);
  EXPECT_FALSE(recovery.next_timeout());
}

TEST(Recovery, AnotherNamespacesSessionIsNotRecovered) {
  crypto::SeededRandom random(3);
  Recovery recovery(small_bounds(), random);
  const std::string pid = recovery.begin(ConnectionId{1}, "/custom", "sid", "bob");
  EXPECT_FALSE(recovery.recover(ConnectionId{2}, pid, std::nullopt, "/", "bob"));
  EXPECT_TRUE(recovery.recover(ConnectionId{2}, pid, std::nullopt, "/custom", "bob"));
}

}  // namespace
}  // namespace sfu::signaling::socketio

#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"
#include "service/schemas.h"

namespace sfu::service {
namespace {

json::value in_room(const std::string& room, json::object more = {}) {
  more["roomId"] = room;
  return more;
}

json::value ready(const std::string& room, bool audio = true, bool video = true) {
  return in_room(room,
                 {{"mediaState", json::object{{"audioEnabled", audio}, {"videoEnabled", video}}}});
}

class PeerToPeerTest : public ServiceTest {
 protected:
  explicit PeerToPeerTest(Options options = {}) : ServiceTest(1, std::move(options)) {}

  PeerToPeer& rooms() { return service_->server->peer_to_peer(); }
};

using ReadyTest = PeerToPeerTest;

TEST_F(ReadyTest, TheFirstIsToldOfHimselfAndCallsNobody) {
  TestClient ann(*service_, "ann");
  ann.emit("ready", ready("one", true, false));
  EXPECT_EQ(ann.names(), "room-data");
  EXPECT_EQ(ann.last("room-data"), json::parse(R"({"participants":["ann"],
      "mediaState":{"ann":{"audioEnabled":true,"videoEnabled":false}},
      "participantInfo":{"ann":{"email":"ann@example.org","userId":"ann"}}})"));
}

TEST_F(ReadyTest, EverybodyGetsTheRoomAndTheOthersTheNewcomer) {
  TestClient bob(*service_, "bob"), ann(*service_, "ann");
  bob.emit("ready", ready("one"));
  bob.forget();
  ann.emit("ready", ready("one", false, true));
  EXPECT_EQ(bob.names(), "room-data user-joined initiate-connection");
  EXPECT_EQ(ann.names(), "room-data initiate-connection");
  EXPECT_EQ(bob.last("room-data"), ann.last("room-data"));
  EXPECT_EQ(ann.last("room-data"), json::parse(R"({"participants":["bob","ann"],
      "mediaState":{"bob":{"audioEnabled":true,"videoEnabled":true},
                    "ann":{"audioEnabled":false,"videoEnabled":true}},
      "participantInfo":{"bob":{"email":"bob@example.org","userId":"bob"},
                         "ann":{"email":"ann@example.org","userId":"ann"}}})"));
  EXPECT_EQ(bob.last("user-joined"),
            json::parse(R"({"userId":"ann","userEmail":"ann@example.org"})"));
}

TEST_F(ReadyTest, OfEachPairTheSmallerIdInitiatesWhoeverCameFirst) {
  TestClient bob(*service_, "bob"), cid(*service_, "cid"), ann(*service_, "ann");
  for (TestClient* one : {&bob, &cid, &ann}) one->emit("ready", ready("one"));
  const auto parts = [](const TestClient& client) {
    std::map<std::string, bool> found;
    for (const auto& one : client.payloads("initiate-connection"))
      EXPECT_TRUE(found
                      .emplace(std::string(one.at("targetUserId").as_string()),
                               one.at("isInitiator").as_bool())
                      .second)
          << "told twice of one";
    return found;
  };
  EXPECT_EQ(parts(ann), (std::map<std::string, bool>{{"bob", true}, {"cid", true}}));
  EXPECT_EQ(parts(bob), (std::map<std::string, bool>{{"ann", false}, {"cid", true}}));
  EXPECT_EQ(parts(cid), (std::map<std::string, bool>{{"ann", false}, {"bob", false}}));
}

TEST_F(ReadyTest, IdsAreOrderedAsJavaScriptOrdersTexts) {
  EXPECT_TRUE(is_initiator("a", "b"));
  EXPECT_TRUE(is_initiator("B", "a"));
  EXPECT_TRUE(is_initiator("a", "ab"));
  EXPECT_TRUE(is_initiator("10", "9"));
  EXPECT_TRUE(is_initiator("z", "\xc3\xa9"));
  EXPECT_TRUE(is_initiator("\xf0\x9f\x98\x80", "\xef\xbc\xa1"));  // U+1F600 before U+FF21.
  EXPECT_FALSE(is_initiator("\xee\x80\x80", "\xf0\x90\x80\x80"));
  EXPECT_TRUE(is_initiator("\xed\x9f\xbf", "\xf0\x90\x80\x80"));  // U+D7FF before a surrogate.
}

TEST_F(ReadyTest, AgainFromTheSameConnectionRenewsTheStateAndCallsNobodyAnew) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.emit("ready", ready("one"));
  bob.emit("ready", ready("one"));
  ann.forget();
  bob.forget();
  EXPECT_EQ(bob.ask("ready", ready("one", false, false)), json::parse(R"({"ok":true})"));
  EXPECT_EQ(ann.names(), "room-data");
  EXPECT_EQ(bob.names(), "room-data <ack 1>");
  EXPECT_EQ(ann.last("room-data").at("mediaState").at("bob").at("videoEnabled"), false);
  EXPECT_EQ(ann.last("room-data").at("participants"), json::parse(R"(["ann","bob"])"));
}

TEST_F(ReadyTest, FromAnotherConnectionOfTheUserTakesThePlaceOfTheFirstWhichHearsNothing) {
  TestClient ann(*service_, "ann"), old(*service_, "bob"), fresh(*service_, "bob");
  ann.emit("ready", ready("one"));
  old.emit("ready", ready("one"));
  old.emit("screen-share-started", in_room("one"));
  ann.forget();
  old.forget();
  fresh.emit("ready", ready("one"));
  EXPECT_EQ(ann.names(),
            "screen-share-stopped user-left room-data user-joined initiate-connection");
  EXPECT_EQ(ann.last("user-left"), "bob");
  EXPECT_EQ(ann.last("room-data").at("participants"), json::parse(R"(["ann","bob"])"));
  EXPECT_EQ(fresh.names(), "room-data initiate-connection");
  EXPECT_EQ(old.names(), "");
  EXPECT_FALSE(old.closed);

  ann.forget();
  EXPECT_EQ(error_of(old.ask("chat:typing-start", in_room("one"))),
            "not_in_room|Failed to send typing state|say ready in this room first");
  old.close();
  EXPECT_EQ(ann.names(), "") << "who was replaced leaves unheard";
  ann.emit("call-user", json::object{{"to", "bob"}, {"offer", "x"}});
  EXPECT_EQ(fresh.count("call-user"), 1u);
  EXPECT_EQ(rooms().peer_count(), 2u);
}

TEST_F(ReadyTest, ForASecondRoomLeavesTheFirst) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), cid(*service_, "cid");
  ann.emit("ready", ready("one"));
  bob.emit("ready", ready("one"));
  cid.emit("ready", ready("two"));
  ann.forget();
  bob.forget();
  bob.emit("ready", ready("two"));
  EXPECT_EQ(ann.names(), "user-left");
  EXPECT_EQ(bob.names(), "room-data initiate-connection");
  EXPECT_EQ(cid.count("user-joined"), 1u);
  EXPECT_EQ(error_of(bob.ask("user-left", in_room("one"))),
            "not_in_room|Failed to leave room|say ready in this room first");
}

TEST_F(ReadyTest, OneUserMayBeInTwoRoomsThroughTwoConnections) {
  TestClient first(*service_, "ann"), second(*service_, "ann");
  first.emit("ready", ready("one"));
  second.emit("ready", ready("two"));
  EXPECT_EQ(rooms().room_count(), 2u);
  EXPECT_EQ(rooms().peer_count(), 2u);
}

TEST_F(ReadyTest, WithoutAMediaStateEverythingCountsAsEnabled) {
  TestClient ann(*service_, "ann");
  ann.emit("ready", in_room("one"));
  EXPECT_EQ(ann.last("room-data").at("mediaState").at("ann"),
            json::parse(R"({"audioEnabled":true,"videoEnabled":true})"));
  ann.emit("ready", in_room("one", {{"mediaState", json::object{{"audioEnabled", false}}}}));
  EXPECT_EQ(ann.last("room-data").at("mediaState").at("ann"),
            json::parse(R"({"audioEnabled":false,"videoEnabled":true})"));
}

TEST_F(ReadyTest, RefusesWhatIsNoRoomOrNoStateAndChangesNothing) {
  TestClient ann(*service_, "ann");
  struct Case {
    const char* body;
    const char* detail;
  };
  for (const Case& one : {
           Case{"null", "the payload must be an object"},
           Case{"[]", "the payload must be an object"},
           Case{R"({"mediaState":{}})", "roomId is missing"},
           Case{R"({"roomId":7})",
                "roomId must be a text of 1 to 128 bytes of UTF-8 without "
                "control characters"},
           Case{R"({"roomId":"a\nb"})",
                "roomId must be a text of 1 to 128 bytes of UTF-8 without "
                "control characters"},
           Case{R"({"roomId":"one","mediaState":"on"})", "mediaState must be an object"},
           Case{R"({"roomId":"one","mediaState":{"audioEnabled":"yes"}})",
                "mediaState.audioEnabled must be true or false"},
       }) {
    EXPECT_EQ(error_of(ann.ask("ready", json::parse(one.body))),
              std::string("invalid_request|Failed to join room|") + one.detail)
        << one.body;
  }
  EXPECT_EQ(ann.count("room-data"), 0u);
  EXPECT_EQ(rooms().room_count(), 0u);
}

class FullTest : public PeerToPeerTest {
 protected:
  static Options small() {
    Options options;
    options.max_peers_per_room = 3;
    options.max_peer_to_peer_rooms = 2;
    return options;
  }
  FullTest() : PeerToPeerTest(small()) {}
};

TEST_F(FullTest, TheRoomTakesAsManyPeopleAsItsBoundAndRefusesTheNextWithoutHarm) {
  TestClient a(*service_, "a"), b(*service_, "b"), c(*service_, "c"), d(*service_, "d");
  for (TestClient* one : {&a, &b, &c}) EXPECT_EQ(one->ask("ready", ready("one")).at("ok"), true);
  d.emit("ready", ready("two"));
  EXPECT_EQ(error_of(d.ask("ready", ready("one"))),
            "limit_reached|Failed to join room|the room has as many people as it takes");
  EXPECT_EQ(d.ask("chat:typing-start", in_room("two")).at("ok"), true) << "still where it was";
  EXPECT_EQ(a.last("room-data").at("participants").as_array().size(), 3u);

  TestClient again(*service_, "c");
  EXPECT_EQ(again.ask("ready", ready("one")).at("ok"), true) << "who is in it may come anew";
  a.emit("user-left", in_room("one"));
  EXPECT_EQ(d.ask("ready", ready("one")).at("ok"), true);
}

TEST_F(FullTest, ThereAreAsManyRoomsAsTheBoundAndWhoLeavesOneAloneMayOpenAnother) {
  TestClient a(*service_, "a"), b(*service_, "b"), c(*service_, "c");
  a.emit("ready", ready("one"));
  b.emit("ready", ready("two"));
  EXPECT_EQ(error_of(c.ask("ready", ready("three"))),
            "limit_reached|Failed to join room|the server has as many rooms as it takes");
  EXPECT_EQ(b.ask("ready", ready("three")).at("ok"), true);
  EXPECT_EQ(rooms().room_count(), 2u);
  EXPECT_EQ(c.ask("ready", ready("one")).at("ok"), true);
}

class InRoomTest : public PeerToPeerTest {
 protected:
  InRoomTest() {
    for (TestClient* one : {&ann, &bob, &cid}) one->emit("ready", ready("one"));
    stranger.emit("ready", ready("two"));
    forget();
  }
  void forget() {
    for (TestClient* one : {&ann, &bob, &cid, &stranger, &outside}) one->forget();
  }

  TestClient ann{*service_, "ann"}, bob{*service_, "bob"}, cid{*service_, "cid"},
      stranger{*service_, "stranger"}, outside{*service_, "outside"};
};

TEST_F(InRoomTest, LeavingIsHeardByTheOthersAsTheBareIdAndLeavesNothing) {
  EXPECT_EQ(bob.ask("user-left", in_room("one")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(bob.names(), "<ack 1>");
  for (TestClient* one : {&ann, &cid}) {
    EXPECT_EQ(one->names(), "user-left");
    EXPECT_EQ(one->last("user-left"), "bob");
  }
  EXPECT_EQ(stranger.names(), "");
  bob.close();
  EXPECT_EQ(ann.count("user-left"), 1u);
  ann.close();
  cid.close();
  stranger.close();
  EXPECT_EQ(rooms().room_count(), 0u);
  EXPECT_EQ(rooms().peer_count(), 0u);
}

TEST_F(InRoomTest, HoweverAConnectionEndsTheOthersHearOfItAtOnce) {
  bob.emit("screen-share-started", in_room("one"));
  forget();
  bob.close(WebSocketEnd::Closed);
  EXPECT_EQ(ann.names(), "screen-share-stopped user-left");
  cid.close(WebSocketEnd::GoingAway);
  EXPECT_EQ(ann.names(), "screen-share-stopped user-left user-left");
  TestClient dan(*service_, "dan");
  dan.emit("ready", ready("one"));
  EXPECT_EQ(dan.last("room-data").at("participants"), json::parse(R"(["ann","dan"])"));
  EXPECT_EQ(dan.count("screen-share-started"), 0u);
  dan.send_text("41");
  EXPECT_EQ(ann.last("user-left"), "dan");
}

TEST_F(InRoomTest, AStateChangeReachesTheOthersAndWhoComesLater) {
  bob.emit("media-state-change", in_room("one", {{"audioEnabled", false}, {"videoEnabled", true}}));
  EXPECT_EQ(bob.names(), "");
  for (TestClient* one : {&ann, &cid})
    EXPECT_EQ(one->last("media-state-update"),
              json::parse(R"({"userId":"bob","audioEnabled":false,"videoEnabled":true})"));
  outside.emit("ready", ready("one"));
  EXPECT_EQ(outside.last("room-data").at("mediaState").at("bob"),
            json::parse(R"({"audioEnabled":false,"videoEnabled":true})"));
}

TEST_F(InRoomTest, AStateChangeNeedsBothHalvesAsTrueOrFalse) {
  const auto refused = [&](json::object more) {
    return error_of(bob.ask("media-state-change", in_room("one", std::move(more))));
  };
  const std::string failed = "invalid_request|Failed to change media state|";
  EXPECT_EQ(refused({}), failed + "audioEnabled is missing");
  EXPECT_EQ(refused({{"audioEnabled", true}}), failed + "videoEnabled is missing");
  EXPECT_EQ(refused({{"audioEnabled", true}, {"videoEnabled", 1}}),
            failed + "videoEnabled must be true or false");
  EXPECT_EQ(ann.names(), "");
}

TEST_F(InRoomTest, TypingReachesTheOthersWithTheTokensIdentity) {
  for (const char* event : {"chat:typing-start", "chat:typing-stop"}) {
    forget();
    bob.emit(event, in_room("one", {{"userId", "ann"}, {"userEmail", "x"}}));
    EXPECT_EQ(bob.names() + stranger.names(), "");
    for (TestClient* one : {&ann, &cid}) {
      EXPECT_EQ(one->names(), event);
      EXPECT_EQ(one->last(event), json::parse(R"({"userId":"bob","userEmail":"bob@example.org"})"));
    }
  }
}

TEST_F(InRoomTest, WhoIsNotInTheRoomThatHeNamesIsRefusedAndNobodyHears) {
  const json::object good{{"audioEnabled", true}, {"videoEnabled", true}, {"message", "hello"}};
  for (const char* event :
       {"screen-share-started", "screen-share-stopped", "screen-share-ready", "media-state-change",
        "chat:message", "chat:typing-start", "chat:typing-stop", "user-left"}) {
    for (TestClient* one : {&stranger, &outside}) {
      const auto answer = error_of(one->ask(event, in_room("one", good)));
      EXPECT_TRUE(answer.starts_with("not_in_room|")) << event << ": " << answer;
    }
    EXPECT_TRUE(error_of(bob.ask(event, in_room("elsewhere", good))).starts_with("not_in_room|"));
    EXPECT_TRUE(error_of(bob.ask(event)).starts_with("invalid_request|"));
  }
  EXPECT_EQ(ann.names() + cid.names(), "");
}

TEST_F(InRoomTest, TheMediaRoomOfTheSameNameIsAnotherOne) {
  outside.join("one");
  EXPECT_TRUE(
      error_of(outside.ask("chat:typing-start", in_room("one"))).starts_with("not_in_room|"));
  bob.emit("leave-room");
  EXPECT_EQ(bob.last("error").at("code"), "not_in_room");

  ann.enter("one");
  ann.produce_audio();
  bob.enter("one");
  forget();
  ann.emit("user-left", in_room("one"));
  EXPECT_EQ(bob.names(), "user-left");
  EXPECT_EQ(ann.ask("pause-producer", json::object{{"kind", "audio"}}).at("ok"), true);
  EXPECT_EQ(bob.count("consumer-producer-paused"), 1u);
  bob.emit("leave-room");
  EXPECT_EQ(bob.ask("chat:typing-start", in_room("one")).at("ok"), true);
}

TEST_F(InRoomTest, JoiningTheMediaRoomFromElsewhereLeavesAnotherConnectionOfTheUserInThePeerRoom) {
  TestClient media(*service_, "bob");
  media.enter("one");
  EXPECT_EQ(ann.names() + bob.names(), "");
  EXPECT_FALSE(bob.closed);
}

TEST_F(InRoomTest, WhoIsReplacedInTheMediaRoomIsGoneFromThePeerRoomTooAndOnce) {
  bob.enter("one");
  TestClient fresh(*service_, "bob");
  forget();
  fresh.join("one");
  EXPECT_EQ(ann.names(), "user-left");
  EXPECT_TRUE(bob.closed);
}

}  // namespace
}  // namespace sfu::service

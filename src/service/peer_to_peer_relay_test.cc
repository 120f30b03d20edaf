#include <gmock/gmock.h>

#include <array>
#include <string>

#include "service/fixture_for_test.h"
#include "service/schemas.h"

namespace sfu::service {
namespace {

struct Relayed {
  const char* event;
  const char* arrives_as;
  const char* field;
  const char* failure;
};
constexpr std::array kRelayed = {
    Relayed{"call-user", "call-user", "offer", "Failed to call user"},
    Relayed{"make-answer", "answer-made", "answer", "Failed to answer user"},
    Relayed{"ice-candidate", "ice-candidate", "candidate", "Failed to send ICE candidate"},
    Relayed{"screen-share-call", "screen-share-call", "offer", "Failed to call user"},
    Relayed{"screen-share-answer", "screen-share-answer", "answer", "Failed to answer user"},
    Relayed{"screen-share-candidate", "screen-share-candidate", "candidate",
            "Failed to send ICE candidate"},
};

json::value room(const char* id) { return json::object{{"roomId", id}}; }

/// Ann, Bob and Cid in one room, a stranger in another, and somebody in none.
class RelayTest : public ServiceTest {
 protected:
  RelayTest() {
    for (TestClient* one : {&ann, &bob, &cid}) one->emit("ready", room("one"));
    stranger.emit("ready", room("two"));
    forget();
  }
  void forget() {
    for (TestClient* one : {&ann, &bob, &cid, &stranger, &outside}) one->forget();
  }

  TestClient ann{*service_, "ann"}, bob{*service_, "bob"}, cid{*service_, "cid"},
      stranger{*service_, "stranger"}, outside{*service_, "outside"};
};

TEST_F(RelayTest, WhatIsSentReachesTheOneItIsForAsItCame) {
  const json::value content = json::parse(
      R"({"type":"offer","sdp":"v=0\r\n\u0000\ud83d\ude00","":{"deep":[[1,2.5,null,{}]]},"n":1e300})");
  for (const Relayed& relayed : kRelayed) {
    forget();
    ann.emit(relayed.event, json::object{{"to", "bob"}, {relayed.field, content}, {"extra", 7}});
    EXPECT_EQ(bob.names(), relayed.arrives_as);
    EXPECT_EQ(bob.last(relayed.arrives_as),
              json::value({{"from", "ann"}, {relayed.field, content}, {"extra", 7}}));
    EXPECT_EQ(ann.names() + cid.names() + stranger.names(), "");
  }
}

TEST_F(RelayTest, TheSenderIsWhoseTokenItIsWhateverThePayloadSays) {
  for (const Relayed& relayed : kRelayed) {
    ann.emit(relayed.event, json::object{{"to", "bob"}, {relayed.field, 1}, {"from", "cid"}});
    EXPECT_EQ(bob.last(relayed.arrives_as).at("from"), "ann");
    EXPECT_FALSE(bob.last(relayed.arrives_as).as_object().contains("to"));
  }
}

TEST_F(RelayTest, AnEndOfCandidatesIsANullThatArrives) {
  ann.emit("ice-candidate", json::object{{"to", "bob"}, {"candidate", nullptr}});
  EXPECT_EQ(bob.last("ice-candidate"), json::parse(R"({"from":"ann","candidate":null})"));
}

TEST_F(RelayTest, OnlyPeopleOfTheSameRoomAreReached) {
  for (const Relayed& relayed : kRelayed) {
    const auto payload = [&](const char* to) {
      return json::object{{"to", to}, {relayed.field, "x"}};
    };
    const auto failed = [&](const char* detail) {
      return std::string("not_in_room|") + relayed.failure + "|" + detail;
    };
    for (const char* to : {"stranger", "outside", "nobody", ""})
      EXPECT_EQ(error_of(ann.ask(relayed.event, payload(to))),
                failed("to is nobody who is in the room"));
    EXPECT_EQ(error_of(outside.ask(relayed.event, payload("ann"))),
              failed("say ready in a room first"));
    EXPECT_EQ(error_of(stranger.ask(relayed.event, payload("ann"))),
              failed("to is nobody who is in the room"));
  }
  EXPECT_EQ(bob.names() + cid.names(), "");
  EXPECT_EQ(stranger.count("call-user") + ann.count("call-user"), 0u);
}

TEST_F(RelayTest, WithoutAcknowledgementTheRefusalIsAnErrorThatNamesTheEvent) {
  ann.emit("call-user", json::object{{"to", "stranger"}, {"offer", 1}});
  EXPECT_EQ(ann.last("error"), json::parse(R"({"code":"not_in_room",
      "message":"Failed to call user","event":"call-user",
      "detail":"to is nobody who is in the room"})"));
}

TEST_F(RelayTest, WhatHasNoOneItIsForOrNothingToSayIsRefused) {
  const auto refused = [&](const char* event, const char* body) {
    return error_of(ann.ask(event, json::parse(body)));
  };
  EXPECT_EQ(refused("call-user", R"({"offer":1})"),
            "invalid_request|Failed to call user|to is missing");
  EXPECT_EQ(refused("call-user", R"({"to":["bob"],"offer":1})"),
            "invalid_request|Failed to call user|to must be a text");
  EXPECT_EQ(refused("call-user", R"({"to":"bob"})"),
            "invalid_request|Failed to call user|offer is missing");
  EXPECT_EQ(refused("make-answer", R"({"to":"bob"})"),
            "invalid_request|Failed to answer user|answer is missing");
  EXPECT_EQ(refused("ice-candidate", R"({"to":"bob"})"),
            "invalid_request|Failed to send ICE candidate|candidate is missing");
  EXPECT_EQ(refused("ice-candidate", R"("bob")"),
            "invalid_request|Failed to send ICE candidate|the payload must be an object");
  EXPECT_EQ(refused("call-user", R"({"to":"bob","offer":1,"_placeholder":true,"num":0})"),
            "invalid_request|Failed to call user|the payload must be an object");
  EXPECT_EQ(bob.names(), "");
}

TEST_F(RelayTest, OneWhoHasJustLeftIsNotReached) {
  bob.emit("user-left", room("one"));
  EXPECT_TRUE(error_of(ann.ask("ice-candidate", json::object{{"to", "bob"}, {"candidate", 1}}))
                  .starts_with("not_in_room|"));
  EXPECT_EQ(bob.names(), "");
}

TEST_F(RelayTest, EachIsAcknowledgedWithOkAndNothingElse) {
  for (const Relayed& relayed : kRelayed)
    EXPECT_EQ(ann.ask(relayed.event, json::object{{"to", "bob"}, {relayed.field, 1}}),
              json::parse(R"({"ok":true})"));
}

using ScreenShareTest = RelayTest;

TEST_F(ScreenShareTest, TheOthersHearOfItsBeginningAndEnd) {
  ann.emit("screen-share-started", room("one"));
  ann.emit("screen-share-stopped", room("one"));
  for (TestClient* one : {&bob, &cid}) {
    EXPECT_EQ(one->names(), "screen-share-started screen-share-stopped");
    EXPECT_EQ(one->last("screen-share-started"), json::parse(R"({"userId":"ann"})"));
    EXPECT_EQ(one->last("screen-share-stopped"), json::parse(R"({"userId":"ann"})"));
  }
  EXPECT_EQ(ann.names() + stranger.names(), "");
}

TEST_F(ScreenShareTest, WhatIsAlreadySoSucceedsAndIsNotToldAgain) {
  EXPECT_EQ(ann.ask("screen-share-stopped", room("one")).at("ok"), true);
  EXPECT_EQ(bob.names(), "");
  ann.emit("screen-share-started", room("one"));
  EXPECT_EQ(ann.ask("screen-share-started", room("one")).at("ok"), true);
  EXPECT_EQ(bob.count("screen-share-started"), 1u);
}

TEST_F(ScreenShareTest, WhoComesLaterHearsOfItAndTheSharerCallsHim) {
  bob.emit("screen-share-started", room("one"));
  forget();
  outside.emit("ready", room("one"));
  EXPECT_EQ(outside.names(),
            "room-data initiate-connection initiate-connection initiate-connection "
            "screen-share-started");
  EXPECT_EQ(outside.last("screen-share-started"), json::parse(R"({"userId":"bob"})"));
  EXPECT_EQ(bob.names(), "room-data user-joined initiate-connection initiate-screen-connection");
  EXPECT_EQ(bob.last("initiate-screen-connection"),
            json::parse(R"({"targetUserId":"outside","isInitiator":true})"));
  EXPECT_EQ(ann.count("initiate-screen-connection") + ann.count("screen-share-started"), 0u);
}

TEST_F(ScreenShareTest, WhenItIsReadyTheSharerCallsEachOfTheOthersOnce) {
  bob.emit("screen-share-started", room("one"));
  forget();
  bob.emit("screen-share-ready", room("one"));
  EXPECT_EQ(
      bob.payloads("initiate-screen-connection"),
      (std::vector<json::value>{json::parse(R"({"targetUserId":"ann","isInitiator":true})"),
                                json::parse(R"({"targetUserId":"cid","isInitiator":true})")}));
  EXPECT_EQ(ann.names() + cid.names(), "");
}

TEST_F(ScreenShareTest, TheSharerIsWhoCallsAlsoWhenAViewerSaysReady) {
  bob.emit("screen-share-started", room("one"));
  forget();
  cid.emit("screen-share-ready", room("one"));
  EXPECT_EQ(bob.count("initiate-screen-connection"), 2u);
  EXPECT_EQ(cid.names(), "");
}

TEST_F(ScreenShareTest, WhoIsReadyBeforeHeSaidThatHeSharesIsTheOneWhoCalls) {
  bob.emit("screen-share-ready", room("one"));
  EXPECT_EQ(bob.count("initiate-screen-connection"), 2u);
}

TEST_F(ScreenShareTest, ASecondSharerTakesOverAndTheFirstOnesEndDisturbsNobody) {
  ann.emit("screen-share-started", room("one"));
  bob.emit("screen-share-started", room("one"));
  EXPECT_EQ(ann.last("screen-share-started"), json::parse(R"({"userId":"bob"})"));
  forget();
  EXPECT_EQ(ann.ask("screen-share-stopped", room("one")).at("ok"), true);
  EXPECT_EQ(bob.names() + cid.names(), "");
  ann.close();
  EXPECT_EQ(cid.names(), "user-left");
  outside.emit("ready", room("one"));
  EXPECT_EQ(outside.last("screen-share-started"), json::parse(R"({"userId":"bob"})"));
}

using ChatTest = RelayTest;

json::object message(json::value text) { return {{"roomId", "one"}, {"message", std::move(text)}}; }

TEST_F(ChatTest, EverybodyInTheRoomGetsItWithTheTokensIdentity) {
  auto said = message("  hello \n");
  said["timestamp"] = "2026-01-02T03:04:05.678Z";
  said["type"] = "question";
  said["userId"] = "cid";
  said["userEmail"] = "forged@example.org";
  ann.emit("chat:message", said);
  for (TestClient* one : {&ann, &bob, &cid}) {
    EXPECT_EQ(one->names(), "chat:message");
    EXPECT_EQ(one->last("chat:message"), json::parse(R"({"userId":"ann",
        "userEmail":"ann@example.org","message":"hello","type":"question",
        "timestamp":"2026-01-02T03:04:05.678Z"})"));
  }
  EXPECT_EQ(stranger.names() + outside.names(), "");
}

TEST_F(ChatTest, TheTypeIsTextWhereNoneIsSaid) {
  for (const json::value& type : {json::value(nullptr), json::value("")}) {
    auto said = message("x");
    said["type"] = type;
    ann.emit("chat:message", said);
    EXPECT_EQ(bob.last("chat:message").at("type"), "text");
  }
  ann.emit("chat:message", message("x"));
  EXPECT_EQ(bob.last("chat:message").at("type"), "text");
}

TEST_F(ChatTest, TheTimestampArrivesAsItCame) {
  for (const json::value& time :
       {json::value(1'700'000'000'123), json::value(1.5), json::value(-1), json::value("yesterday"),
        json::value(""), json::value(nullptr)}) {
    auto said = message("x");
    said["timestamp"] = time;
    ann.emit("chat:message", said);
    EXPECT_EQ(bob.last("chat:message").at("timestamp"), time);
  }
  ann.emit("chat:message", message("x"));
  EXPECT_FALSE(bob.last("chat:message").as_object().contains("timestamp"));
}

TEST_F(ChatTest, WhatIsNoTextOrAnEmptyOneReachesNobody) {
  for (const json::value& text :
       {json::value(""), json::value(" \t\r\n"), json::value("\xc2\xa0\xe3\x80\x80\xef\xbb\xbf"),
        json::value(7), json::value(true), json::value(nullptr), json::value(json::array{"x"}),
        json::value(json::object{{"toString", "x"}})}) {
    EXPECT_EQ(error_of(ann.ask("chat:message", message(text))),
              "invalid_request|Failed to send message|message must be a text of 1 to 65536 bytes "
              "beside the white space around it")
        << json::serialize(text);
  }
  EXPECT_TRUE(error_of(ann.ask("chat:message", room("one"))).starts_with("invalid_request|"));
  EXPECT_EQ(bob.names(), "");
  EXPECT_EQ(ann.count("chat:message"), 0u);
}

TEST_F(ChatTest, AMessageAtTheBoundArrivesAndOneByteMoreDoesNot) {
  const std::string longest(kMaxChatMessageBytes, 'x');
  EXPECT_EQ(ann.ask("chat:message", message(json::string(" " + longest + " "))).at("ok"), true);
  EXPECT_EQ(bob.last("chat:message").at("message"), json::value(json::string(longest)));
  EXPECT_TRUE(error_of(ann.ask("chat:message", message(json::string(longest + "x"))))
                  .starts_with("invalid_request|"));
  EXPECT_EQ(bob.count("chat:message"), 1u);
}

TEST_F(ChatTest, ATypeOrTimestampOfAnotherKindOrTooLongIsRefused) {
  const auto refused = [&](const char* field, json::value value) {
    auto said = message("x");
    said[field] = std::move(value);
    return error_of(ann.ask("chat:message", said));
  };
  const std::string at_bound(kMaxChatFieldBytes, 't');
  EXPECT_EQ(refused("type", json::string(at_bound)), "||") << "no error";
  EXPECT_EQ(refused("type", json::string(at_bound + "t")),
            "invalid_request|Failed to send message|type must be a text of at most 64 bytes");
  EXPECT_EQ(refused("type", 1),
            "invalid_request|Failed to send message|type must be a text of at most 64 bytes");
  EXPECT_EQ(refused("timestamp", json::string(at_bound + "t")),
            "invalid_request|Failed to send message|timestamp must be a number, or a text of at "
            "most 64 bytes");
  EXPECT_TRUE(refused("timestamp", json::object()).starts_with("invalid_request|"));
}

TEST_F(ChatTest, WhiteSpaceIsTrimmedAsJavaScriptDoes) {
  EXPECT_EQ(trimmed(" a b "), "a b");
  EXPECT_EQ(trimmed("\t\n\v\f\r x\xe2\x80\xa8\xe2\x80\xa9\xe1\x9a\x80"), "x");
  EXPECT_EQ(trimmed("\xe2\x80\x8b"), "\xe2\x80\x8b") << "U+200B is no white space";
  EXPECT_EQ(trimmed("\xc2\x85x"), "\xc2\x85x") << "nor is U+0085";
  EXPECT_EQ(trimmed("\xef\xbb\xbf\xe2\x80\xaf\xe2\x81\x9f"), "");
  EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace sfu::service

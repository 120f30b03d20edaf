#include "service/mediasoup_server.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "service/fixture_for_test.h"
#include "service/requests.h"

namespace sfu::service {
namespace {

using ServerTest = ServiceTest;

std::string token(const TestService& service, std::chrono::seconds expires_in,
                  const char* secret = kTestSecret) {
  return signaling::auth::TokenSigner(secret).sign(
      {"ann", "ann@example.org", "Ann", service.unix_time + expires_in}, service.unix_time);
}

std::string refusal_of(TestService& service, const json::value& auth) {
  TestClient client(service);
  client.connect(auth);
  if (!client.connect_error) return client.connected ? "welcome" : "silence";
  EXPECT_EQ(client.connect_error->at("message"), "Authentication failed");
  return std::string(client.connect_error->at("data").at("code").as_string());
}

TEST_F(ServerTest, LetsInOnlyWhoHasAGoodToken) {
  using std::chrono::seconds;
  const auto with = [&](const json::value& value) {
    return refusal_of(*service_, json::object{{"token", value}});
  };
  EXPECT_EQ(with(json::string(token(*service_, seconds(60)))), "welcome");
  EXPECT_EQ(with(json::string(token(*service_, seconds(-60)))), "token_expired");
  EXPECT_EQ(with(json::string(token(*service_, seconds(60), "another secret, just as long"))),
            "token_invalid");
  EXPECT_EQ(with("x"), "token_invalid");
  EXPECT_EQ(with(""), "token_missing");
  EXPECT_EQ(with(7), "token_invalid");
  EXPECT_EQ(with(json::array{"x"}), "token_invalid");
  EXPECT_EQ(with(nullptr), "token_missing");
  EXPECT_EQ(refusal_of(*service_, json::object{}), "token_missing");
}

TEST_F(ServerTest, ANameInTheTokenReachesTheOthers) {
  TestClient bob(*service_, "bob"), ann(*service_);
  bob.enter("one");
  ann.connect(json::object{{"token", token(*service_, std::chrono::seconds(60))}});
  ann.enter("one");
  EXPECT_EQ(bob.last("participant-joined").at("userInfo"),
            json::parse(R"({"email":"ann@example.org","userId":"ann","name":"Ann"})"));
}

class LimitedServerTest : public ServiceTest {
 protected:
  static Options limited() {
    Options options;
    options.max_connections = 2;
    options.rates.connections = {1, 4};
    options.rates.events = {1, 5};
    options.max_queued_requests = 3;
    options.max_queued_request_bytes = 2'000;
    return options;
  }
  LimitedServerTest() : ServiceTest(1, limited()) {}
  std::string knock() {
    return refusal_of(*service_,
                      json::object{{"token", token(*service_, std::chrono::seconds(60))}});
  }
};

TEST_F(LimitedServerTest, BoundsItsConnections) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  EXPECT_EQ(knock(), "server_full");
  bob.close();
  EXPECT_EQ(knock(), "welcome");
}

TEST_F(LimitedServerTest, BoundsHowFastConnectionsCome) {
  std::string heard;
  for (int i = 0; i < 5; ++i) {
    TestClient client(*service_, "user");
    heard += client.connected ? "welcome " : "refused ";
    client.close();
  }
  EXPECT_EQ(heard, "welcome welcome welcome welcome refused ");
  service_->now += std::chrono::seconds(1);
  EXPECT_EQ(knock(), "welcome");
}

TEST_F(LimitedServerTest, TooManyEventsAreRefusedInTheirOrderAndNoLongerAfterAWhile) {
  TestClient ann(*service_, "ann");
  std::string codes;
  for (int i = 0; i < 7; ++i)
    codes += std::string(ann.ask("nothing").at("error").at("code").as_string()) + " ";
  EXPECT_EQ(codes,
            "unknown_event unknown_event unknown_event unknown_event unknown_event rate_limited "
            "rate_limited ");
  service_->now += std::chrono::seconds(1);
  EXPECT_EQ(ann.ask("nothing").at("error").at("code"), "unknown_event");
}

TEST_F(LimitedServerTest, WhatWaitsForItsTurnIsBounded) {
  TestClient ann(*service_, "ann");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  for (int i = 0; i < 4; ++i) ann.queue("leave-room");
  service_->pump();
  EXPECT_EQ(ann.names(), "error");
  EXPECT_EQ(ann.last("error").at("code"), "rate_limited");
  release();
  EXPECT_EQ(ann.names(), "error router-rtp-capabilities room-left error error");
}

TEST_F(LimitedServerTest, TheBytesThatWaitForTheirTurnAreBoundedAndOneAloneIsNot) {
  TestClient ann(*service_, "ann");
  const json::string large(3'000, 'x');
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  ann.queue("leave-room", large);
  service_->pump();
  EXPECT_EQ(ann.names(), "");
  ann.queue("leave-room");
  service_->pump();
  EXPECT_EQ(error_of(ann.last("error")),
            "rate_limited|Failed to leave room|too many requests wait for their turn");
  release();
  EXPECT_EQ(ann.names(), "error router-rtp-capabilities room-left");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  ann.queue("leave-room");
  service_->pump();
  release();
  EXPECT_EQ(ann.names(),
            "error router-rtp-capabilities room-left router-rtp-capabilities room-left");
}

TEST_F(ServerTest, AnUnknownEventIsAnErrorThatNamesIt) {
  TestClient ann(*service_, "ann");
  ann.emit("restart-everything", json::object{{"now", true}});
  EXPECT_EQ(
      ann.last("error"),
      json::parse(
          R"({"message":"Unknown event","code":"unknown_event","event":"restart-everything"})"));
  EXPECT_EQ(
      ann.ask("restart-everything"),
      json::parse(R"({"ok":false,"error":{"code":"unknown_event","message":"Unknown event"}})"));
}

TEST_F(ServerTest, WhatIsNestedTooDeepIsAnErrorAndTheConnectionStays) {
  TestClient ann(*service_, "ann");
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  ann.send_text(R"(42["join-room",{"roomId":)" + deep + "}]");
  EXPECT_EQ(ann.last("error"), json::parse(R"({"message":"Failed to join room","code":"too_deep",
    "detail":"at most 32 levels","event":"join-room"})"));
  EXPECT_EQ(ann.ask("join-room", json::object{{"roomId", "one"}}).at("ok"), true);
}

TEST_F(ServerTest, BinaryPayloadsAreRefused) {
  TestClient ann(*service_, "ann");
  ann.send_text(R"(451-["join-room",{"roomId":{"_placeholder":true,"num":0}}])");
  ann.send_binary("\x01\x02");
  EXPECT_EQ(error_of(ann.last("error")),
            "invalid_request|Failed to join room|the payload must not be binary");
}

TEST_F(ServerTest, BeforeItsFirstTransportAClientMayOnlyJoinLeaveAndCreateOne) {
  for (const RequestInfo& info : request_table()) {
    TestClient ann(*service_, "ann");
    const bool anytime = info.stage == Stage::Anytime;
    const auto outside = ann.ask(info.event);
    EXPECT_EQ(outside.at("error").at("code"), anytime ? "invalid_request" : "not_in_room")
        << info.event;
    EXPECT_EQ(outside.at("error").at("message"), json::value(info.failure));
    ann.join("one");
    const auto inside = ann.ask(info.event);
    if (info.stage == Stage::WithTransport) {
      EXPECT_EQ(inside.at("error").at("code"), "no_transport") << info.event;
    }
    ann.close();
  }
}

TEST_F(ServerTest, EveryRequestOfTheApiIsKnownOnce) {
  std::multiset<std::string> events;
  for (const RequestInfo& info : request_table()) events.emplace(info.event);
  const std::multiset<std::string> expected = {"ready",
                                               "user-left",
                                               "call-user",
                                               "make-answer",
                                               "ice-candidate",
                                               "screen-share-call",
                                               "screen-share-answer",
                                               "screen-share-candidate",
                                               "screen-share-started",
                                               "screen-share-stopped",
                                               "screen-share-ready",
                                               "media-state-change",
                                               "chat:message",
                                               "chat:typing-start",
                                               "chat:typing-stop",
                                               "join-room",
                                               "leave-room",
                                               "create-webrtc-transport",
                                               "connect-webrtc-transport",
                                               "set-rtp-capabilities",
                                               "create-producer",
                                               "resume-consumer",
                                               "pause-consumer",
                                               "pause-producer",
                                               "resume-producer",
                                               "close-producer",
                                               "produce-data",
                                               "resume-all-consumers",
                                               "get-participant-stats",
                                               "set-preferred-layers",
                                               "set-consumer-priority",
                                               "request-key-frame",
                                               "restart-ice"};
  EXPECT_EQ(events, expected);
}

TEST_F(ServerTest, PayloadsOfEveryShapeAreAnsweredAndHarmNobody) {
  const char* const kShapes[] = {
      "null",
      "true",
      "0",
      "-1",
      "1e308",
      R"("text")",
      "[]",
      "[{}]",
      "{}",
      R"({"kind":null})",
      R"({"roomId":{},"direction":[],"kind":{},"consumerId":[],"rtpParameters":[],"dtlsParameters":0})",
      R"({"roomId":"one","direction":"send","kind":"audio","consumerId":"","rtpParameters":{"codecs":[]}})",
      R"({"__proto__":{"ok":true},"constructor":1,"rtpCapabilities":{"codecs":[null],"headerExtensions":[1]}})",
      R"({"consumerId":"00000000-0000-4000-8000-000000000000","spatialLayer":0,"rtpCapabilities":{}})"};
  TestClient bystander(*service_, "bystander"), ann(*service_, "ann");
  bystander.enter("two");
  bystander.forget();
  for (const RequestInfo& info : request_table()) {
    for (const char* shape : kShapes) {
      ann.enter("one");
      const auto answer = ann.ask(info.event, json::parse(shape));
      ASSERT_TRUE(answer.is_object()) << info.event << " " << shape;
      EXPECT_TRUE(answer.as_object().contains("ok")) << info.event << " " << shape;
      if (answer.at("ok") == false) {
        EXPECT_NE(answer.at("error").at("code"), "internal_error") << info.event << " " << shape;
      }
      ann.emit(info.event, json::parse(shape));
      EXPECT_FALSE(ann.closed);
    }
    service_->now += std::chrono::seconds(10);
  }
  EXPECT_EQ(bystander.names(), "");
  EXPECT_EQ(bystander.ask("leave-room").at("ok"), true);
}

TEST_F(ServerTest, ErrorCodesAndTheirTextsAreDistinct) {
  std::set<std::string_view> texts;
  for (const auto& info : error_code_table()) {
    EXPECT_TRUE(texts.insert(info.text).second) << info.text;
    EXPECT_FALSE(info.meaning.empty());
    EXPECT_EQ(to_string(info.code), info.text);
  }
}

}  // namespace
}  // namespace sfu::service

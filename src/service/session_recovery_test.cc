#include <gmock/gmock.h>

#include <chrono>

#include "service/returning_for_test.h"

// Socket.IO's own recovery: what of a participant goes along with a session.

namespace sfu::service {
namespace {

using std::chrono::seconds;

TEST_F(TwoInARoomTest, ARecoveredSessionHasItsParticipantAndWhatItMissed) {
  hear_all();
  bob_.break_off();
  ann_.produce_video();
  ann_.forget();
  TestClient again(*service_, "bob", bob_);
  EXPECT_TRUE(again.recovered);
  EXPECT_EQ(again.sid, bob_.sid);
  EXPECT_EQ(again.names(), "new-consumer");
  again.produce_audio();
  EXPECT_EQ(again.count("producer-created"), 1u) << "without joining again";
  EXPECT_EQ(ann_.names(), "new-consumer");
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.count("participant-left"), 0u);
}

TEST_F(TwoInARoomTest, AJoinInARecoveredSessionResumes) {
  hear_all();
  bob_.break_off();
  ann_.produce_video();
  ann_.forget();
  TestClient again(*service_, "bob", bob_);
  const auto answer = again.ask("join-room", joining("one", false));
  EXPECT_EQ(answer.at("resumed"), true);
  EXPECT_EQ(count_of(answer, "transports"), 2u);
  EXPECT_EQ(again.names(), "new-consumer <ack 1>") << "not once more";
  EXPECT_EQ(ann_.names(), "");
}

TEST_F(ReturningTest, AClientThatKnowsNothingOfItsRecoveryGetsEverythingAnewAndIsNoGhost) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  ann.produce_audio();
  bob.enter("one");
  bob.produce_video();
  hear_all();
  bob.break_off();
  ann.forget();
  TestClient again(*service_, "bob", bob);
  again.enter("one");  // As at first, without resume.
  again.produce_video();
  EXPECT_EQ(again.count("existing-participants"), 1u);
  EXPECT_EQ(again.count("webrtc-transport-created"), 2u);
  EXPECT_EQ(again.count("new-consumer"), 1u);
  EXPECT_EQ(again.count("consumer-closed"), 1u) << "of the transport that it had before";
  EXPECT_EQ(again.count("producer-created"), 1u);
  EXPECT_EQ(ann.names(), "consumer-producer-closed consumer-closed producer-closed new-consumer");
  EXPECT_EQ(worker().transports.size(), 4u);
  EXPECT_EQ(worker().producers.size(), 2u);
  EXPECT_EQ(worker().consumers.size(), 2u);
}

TEST_F(TwoInARoomTest, ASessionIsRecoveredFromAConnectionThatLooksAlive) {
  bob_.produce_video();
  ann_.forget();
  TestClient again(*service_, "bob", bob_);
  EXPECT_TRUE(again.recovered);
  EXPECT_TRUE(bob_.closed);
  EXPECT_FALSE(bob_.disconnected);
  again.emit("pause-producer", json::object{{"kind", "video"}});
  EXPECT_EQ(ann_.names(), "consumer-producer-paused producer-state-changed");
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.count("participant-left"), 0u);
}

TEST_F(ReturningTest, ARecoveredSessionThatLookedAliveIsAmongItsPeersStill) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  for (TestClient* one : {&ann, &bob}) one->emit("ready", json::object{{"roomId", "one"}});
  ann.forget();
  TestClient again(*service_, "bob", bob);
  EXPECT_EQ(ann.names(), "");
  ann.emit("call-user", json::object{{"to", "bob"}, {"offer", "sdp"}});
  EXPECT_EQ(again.count("call-user"), 1u);
  again.break_off();
  EXPECT_EQ(ann.count("user-left"), 1u) << "peers are not kept";
  EXPECT_EQ(service_->server->peer_to_peer().peer_count(), 1u);
}

TEST_F(ReturningTest, WhoVanishesIsGoneForItsPeersAtOnceAndAReadyThatWaitedBringsNobodyBack) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.emit("ready", json::object{{"roomId", "one"}});
  bob.enter("one");
  bob.emit("ready", json::object{{"roomId", "one"}});
  worker().holding = true;
  bob.produce_video();
  bob.queue("ready", json::object{{"roomId", "one"}});
  bob.break_off();
  EXPECT_EQ(ann.count("user-left"), 1u);
  release();
  EXPECT_EQ(ann.count("user-joined"), 1u);
  EXPECT_EQ(service_->server->peer_to_peer().peer_count(), 1u);
}

TEST_F(TwoInARoomTest, RequestsThatHadArrivedGoOnInTheRecoveredSession) {
  worker().holding = true;
  bob_.produce_video();
  bob_.produce_audio();
  TestClient again(*service_, "bob", bob_);
  release();
  EXPECT_EQ(worker().producers.size(), 2u);
  EXPECT_EQ(ann_.count("new-consumer"), 2u);
  const auto created = again.payloads("producer-created");
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[0].at("kind"), "video");
  EXPECT_EQ(created[1].at("kind"), "audio");
}

TEST_F(TwoInARoomTest, WhoWaitsForAnAnswerGetsItInTheRecoveredSession) {
  hear_all();
  worker().holding = true;
  const auto id =
      bob_.start_asking("create-producer", TestClient::producing("video", ortc::kChromiumVp8));
  service_->pump();
  TestClient again(*service_, "bob", bob_);
  EXPECT_TRUE(again.answer(id).is_null());
  release();
  EXPECT_EQ(again.answer(id).at("ok"), true);
}

TEST_F(TwoInARoomTest, AnAnswerThatFindsNoConnectionIsKeptForTheRecoveredSession) {
  hear_all();
  worker().holding = true;
  const auto id =
      bob_.start_asking("create-producer", TestClient::producing("video", ortc::kChromiumVp8));
  bob_.break_off();
  release();
  TestClient again(*service_, "bob", bob_);
  EXPECT_EQ(again.answer(id).at("ok"), true);
}

TEST_F(TwoInARoomTest, WhatWaitedDoesNotOvertakeWhatRanWhenTheSessionWasRecovered) {
  bob_.produce_video();
  ann_.forget();
  worker().holding = true;
  bob_.queue("pause-producer", json::object{{"kind", "video"}});
  const auto resumed = bob_.start_asking("resume-producer", json::object{{"kind", "video"}});
  service_->pump();
  TestClient again(*service_, "bob", bob_);
  EXPECT_TRUE(again.answer(resumed).is_null());
  release();
  EXPECT_EQ(again.answer(resumed).at("ok"), true);
  EXPECT_EQ(ann_.names(),
            "consumer-producer-paused producer-state-changed consumer-producer-resumed "
            "producer-state-changed");
  EXPECT_EQ(ann_.last("producer-state-changed").at("data"), false);
}

TEST_F(ReturningTest, AJoinThatRanWhenTheSessionWasRecoveredBringsTheNewConnectionIn) {
  TestClient bob(*service_, "bob");
  worker().holding = true;
  bob.join("one");
  TestClient again(*service_, "bob", bob);
  EXPECT_EQ(again.count("router-rtp-capabilities"), 0u);
  release();
  EXPECT_EQ(again.count("router-rtp-capabilities"), 1u);
  again.create_transport("one", "send");
  EXPECT_EQ(again.count("webrtc-transport-created"), 1u);
}

TEST_F(ReturningTest, WhatWaitsBehindAJoinThatRunsIsAnsweredInTheRecoveredSession) {
  TestClient bob(*service_, "bob");
  worker().holding = true;
  const auto join = bob.start_asking("join-room", joining("one", false));
  const auto leave = bob.start_asking("leave-room");
  service_->pump();
  bob.break_off();
  TestClient again(*service_, "bob", bob);
  release();
  EXPECT_EQ(again.answer(join).at("ok"), true);
  EXPECT_EQ(again.answer(leave).at("roomId"), "one");
  EXPECT_EQ(again.names(), "<ack 1> <ack 2>");
}

TEST_F(TwoInARoomTest, ASessionMayBeRecoveredTwiceWhileARequestRuns) {
  hear_all();
  worker().holding = true;
  const auto id =
      bob_.start_asking("create-producer", TestClient::producing("video", ortc::kChromiumVp8));
  service_->pump();
  TestClient again(*service_, "bob", bob_);
  again.break_off();
  again.offset = bob_.offset;  // It has been sent nothing.
  TestClient third(*service_, "bob", again);
  release();
  ASSERT_TRUE(third.recovered);
  EXPECT_EQ(third.answer(id).at("ok"), true);
  third.emit("close-producer", json::object{{"kind", "video"}});
  EXPECT_TRUE(worker().producers.empty());
}

TEST_F(ReturningTest, AnothersPidGivesNothingOfHis) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  hear_all();
  bob.break_off();
  TestClient eve(*service_, "eve", bob);
  EXPECT_TRUE(eve.connected);
  EXPECT_FALSE(eve.recovered);
  EXPECT_EQ(error_of(eve.ask("leave-room")), "not_in_room|Failed to leave room|join a room first");
  TestClient again(*service_, "bob", bob);
  EXPECT_TRUE(again.recovered);
}

TEST_F(ReturningTest, TheTokenIsCheckedAgain) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  bob.break_off();
  TestClient forger(*service_);
  forger.connect(json::object{{"pid", bob.pid}, {"offset", bob.offset}, {"token", "forged"}});
  ASSERT_TRUE(forger.connect_error);
  EXPECT_EQ(forger.connect_error->at("data").at("code"), "token_invalid");
  EXPECT_FALSE(forger.connected);
}

TEST_F(ReturningTest, ASessionEndsWithTheStayThatItWasKeptFor) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  hear_all();
  bob.break_off();
  TestClient elsewhere(*service_, "bob");
  elsewhere.enter("one");
  TestClient again(*service_, "bob", bob);
  EXPECT_FALSE(again.recovered);
  EXPECT_FALSE(elsewhere.closed);
}

TEST_F(ReturningTest, AReplacedConnectionCannotRecover) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  TestClient elsewhere(*service_, "bob");
  elsewhere.enter("one");
  TestClient again(*service_, "bob", bob);
  EXPECT_FALSE(again.recovered);
  EXPECT_FALSE(elsewhere.closed);
}

TEST_F(ReturningTest, ARecoveredSessionOutsideARoomJoinsAsAnyOther) {
  TestClient bob(*service_, "bob");
  bob.break_off();
  TestClient again(*service_, "bob", bob);
  EXPECT_TRUE(again.recovered);
  EXPECT_FALSE(again.ask("join-room", joining("one", false)).as_object().contains("resumed"));
}

/// With a session of bob's that was recovered, and another connection of his in room "one".
class OthersStayTest : public ReturningTest {
 protected:
  /// `room`: where the session had been, if anywhere.
  void expect_replaced_not_resumed(const char* room) {
    TestClient ann(*service_, "ann"), first(*service_, "bob");
    ann.enter("one");
    if (room) first.enter(room);
    hear_all();
    first.break_off();
    TestClient again(*service_, "bob", first);
    ASSERT_TRUE(again.recovered);
    TestClient other(*service_, "bob");
    other.enter("one");
    ann.forget();
    const auto answer = again.ask("join-room", joining("one", false));
    EXPECT_EQ(answer.at("ok"), true);
    EXPECT_FALSE(answer.as_object().contains("resumed"));
    again.create_transport("one", "send");
    EXPECT_EQ(other.count("participant-replaced"), 1u);
    EXPECT_TRUE(other.disconnected);
    EXPECT_EQ(ann.names(), "participant-left participant-joined");
  }
};

TEST_F(OthersStayTest, IsNotTakenOverByASessionThatWasRecoveredOutsideARoom) {
  expect_replaced_not_resumed(nullptr);
}

TEST_F(OthersStayTest, IsNotTakenOverByASessionThatWasRecoveredInAnotherRoom) {
  expect_replaced_not_resumed("two");
}

}  // namespace
}  // namespace sfu::service

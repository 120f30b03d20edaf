#include <gmock/gmock.h>

#include <chrono>

#include "service/returning_for_test.h"

// Leaving, vanishing, and coming back.

namespace sfu::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(TwoInARoomTest, APageThatGoesAwayHasLeftAtOnce) {
  hear_all();
  bob_.close(WebSocketEnd::GoingAway);
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  ann_.close();
  expect_nothing_left();
}

TEST_F(TwoInARoomTest, ADisconnectPacketIsALeavingAtOnce) {
  hear_all();
  bob_.send_text("41");
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  bob_.break_off();
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(TwoInARoomTest, AfterLeaveRoomTheEndOfTheConnectionTellsNothingMore) {
  bob_.emit("leave-room");
  bob_.break_off();
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(TwoInARoomTest, ALeaveRoomThatWaitedWhenTheConnectionBrokeOffCounts) {
  hear_all();
  worker().holding = true;
  bob_.produce_video();
  bob_.emit("leave-room");
  bob_.break_off();
  release();
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  ann_.close();
  expect_nothing_left();
}

TEST_F(ReturningTest, EveryOtherEndIsHeardAfterThirtySecondsOnceAndNotBefore) {
  for (const auto end : {WebSocketEnd::Closed, WebSocketEnd::TooSlow}) {
    TestClient ann(*service_, "ann"), bob(*service_, "bob");
    ann.enter("one");
    bob.enter("one");
    bob.produce_video();
    hear_all();
    ann.forget();
    bob.close(end);
    service_->pass(seconds(30) - milliseconds(1));
    EXPECT_EQ(ann.names(), "") << "the others hear nothing of it";
    EXPECT_EQ(worker().producers.size(), 1u);
    EXPECT_EQ(worker().consumers.size(), 1u);
    service_->pass(milliseconds(1));
    EXPECT_EQ(ann.names(),
              "consumer-producer-closed consumer-closed producer-closed participant-left");
    service_->pass(seconds(60));
    EXPECT_EQ(ann.count("participant-left"), 1u);
    ann.close();
    expect_nothing_left();
  }
}

TEST_F(TwoInARoomTest, ALateHeartbeatIsAVanishing) {
  hear_all();
  bob_.answers_pings = false;
  service_->pass(seconds(45) - milliseconds(1));
  EXPECT_FALSE(bob_.closed);
  service_->pass(milliseconds(1));
  EXPECT_TRUE(bob_.closed);
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  service_->pass(seconds(30));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(TwoInARoomTest, WhoNeverHadMediaIsKeptForFiveSeconds) {
  bob_.break_off();
  service_->pass(seconds(5) - milliseconds(1));
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  service_->pass(milliseconds(1));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(TwoInARoomTest, MediaThatComesMeanwhileMakesItThirtySecondsInAll) {
  bob_.break_off();
  service_->pass(seconds(4));
  hear_all();
  service_->pass(seconds(26) - milliseconds(1));
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  service_->pass(milliseconds(1));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(ReturningTest, TheLastOneOfARoomKeepsItOpenAndTakesItAlong) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  hear_all();
  bob.break_off();
  EXPECT_EQ(service_->server->rooms().size(), 1u);
  service_->pass(seconds(30));
  expect_nothing_left();
}

class NoGraceTest : public ReturningTest {
 protected:
  static Options none() {
    Options options;
    options.reconnect_grace = TimeDelta(0);
    return options;
  }
  NoGraceTest() : ReturningTest(1, none()) {}
};

TEST_F(NoGraceTest, EveryEndIsALeavingAndAnAliveConnectionCanStillBeMoved) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  TestClient again(*service_, "bob");
  EXPECT_EQ(resume(again).at("resumed"), true);
  EXPECT_EQ(ann.count("participant-left"), 0u);
  again.break_off();
  EXPECT_EQ(ann.count("participant-left"), 1u);
}

TEST_F(ReturningTest, WithResumeAVanishedOneHasItAllBackAndNobodyHearsOfIt) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  ann.produce_audio();
  bob.enter("one");
  bob.produce_video();
  const auto consumer = bob.last("new-consumer");
  bob.emit("resume-consumer", json::object{{"consumerId", consumer.at("consumerId")}});
  hear_all();
  ann.forget();
  const auto commands = worker().commands.size();
  bob.break_off();
  service_->pass(seconds(20));
  TestClient again(*service_, "bob");
  const auto answer = resume(again);
  EXPECT_EQ(answer.at("resumed"), true);
  EXPECT_TRUE(answer.as_object().contains("rtpCapabilities"));
  EXPECT_EQ(count_of(answer, "transports"), 2u);
  EXPECT_EQ(answer.at("transports").at(0).at("direction"), "send");
  EXPECT_EQ(answer.at("transports").at(0).at("id"),
            bob.payloads("webrtc-transport-created").at(0).at("id"));
  EXPECT_EQ(answer.at("transports").at(0).at("iceState"), "connected");
  EXPECT_EQ(answer.at("transports").at(0).at("connected"), false);
  ASSERT_EQ(count_of(answer, "producers"), 1u);
  const auto& producer = answer.at("producers").at(0);
  EXPECT_EQ(producer.at("id"), bob.last("producer-created").at("producerId"));
  EXPECT_EQ(producer.at("producerId"), producer.at("id"));
  EXPECT_EQ(producer.at("kind"), "video");
  EXPECT_EQ(producer.at("mediaType"), "video");
  EXPECT_EQ(producer.at("paused"), false);
  ASSERT_EQ(count_of(answer, "consumers"), 1u);
  json::object expected = consumer.as_object();
  expected["id"] = consumer.at("consumerId");
  expected["consumerPaused"] = false;
  expected["paused"] = false;
  EXPECT_EQ(answer.at("consumers").at(0), json::value(expected));
  EXPECT_EQ(answer.at("participants").at(0).at("participantId"), "ann");
  EXPECT_EQ(again.names(), "<ack 1>") << "nothing was missed";
  EXPECT_EQ(ann.names(), "");
  EXPECT_EQ(worker().commands.size(), commands + 1) << "only a question when all was done";
  service_->pass(seconds(60));
  EXPECT_EQ(ann.names(), "");
}

TEST_F(ReturningTest, TheReplyEventCarriesTheSame) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  bob.break_off();
  TestClient again(*service_, "bob");
  again.emit("join-room", joining("one", true));
  const auto reply = again.last("router-rtp-capabilities");
  EXPECT_EQ(reply.at("resumed"), true);
  EXPECT_EQ(count_of(reply, "transports"), 2u);
  EXPECT_EQ(count_of(reply, "producers"), 0u);
  EXPECT_EQ(count_of(reply, "consumers"), 0u);
  EXPECT_TRUE(reply.as_object().contains("rtpCapabilities"));
}

TEST_F(TwoInARoomTest, WithResumeAnOldConnectionThatLooksAliveIsClosedWithoutAWord) {
  bob_.produce_video();
  ann_.forget();
  bob_.forget();
  TestClient again(*service_, "bob");
  const auto answer = resume(again);
  EXPECT_EQ(count_of(answer, "producers"), 1u);
  EXPECT_TRUE(bob_.closed);
  EXPECT_FALSE(bob_.disconnected);
  EXPECT_EQ(bob_.names(), "");
  EXPECT_EQ(ann_.names(), "");
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.names(), "") << "the old connection's end means nothing any more";
  again.emit("close-producer", json::object{{"kind", "video"}});
  EXPECT_EQ(ann_.count("producer-closed"), 1u) << "the new connection acts for the participant";
}

TEST_F(TwoInARoomTest, TheClosesOfBothConnectionsArriveInAnyOrder) {
  hear_all();
  TestClient again(*service_, "bob");
  resume(again);
  again.break_off();
  TestClient third(*service_, "bob");
  EXPECT_EQ(resume(third).at("resumed"), true);
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  third.close();
  ann_.close();
  expect_nothing_left();
}

TEST_F(ReturningTest, WhatHappenedMeanwhileShowsInTheAnswer) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), eve(*service_, "eve");
  for (TestClient* one : {&ann, &bob, &eve}) one->enter("one");
  ann.produce_audio();
  eve.produce_audio();
  hear_all();
  bob.break_off();
  ann.produce_video();
  ann.emit("pause-producer", json::object{{"kind", "audio"}});
  eve.close();
  TestClient dan(*service_, "dan");
  dan.enter("one");
  TestClient again(*service_, "bob");
  const auto answer = resume(again);
  ASSERT_EQ(count_of(answer, "consumers"), 2u) << "eve's is gone, ann's video is new";
  for (const auto& consumer : answer.at("consumers").as_array()) {
    EXPECT_EQ(consumer.at("participantId"), "ann");
    EXPECT_EQ(consumer.at("producerPaused"), consumer.at("kind") == "audio");
  }
  ASSERT_EQ(count_of(answer, "participants"), 2u);
  EXPECT_EQ(answer.at("participants").at(0).at("participantId"), "ann");
  EXPECT_EQ(answer.at("participants").at(0).at("producers").as_array().size(), 2u);
  EXPECT_EQ(answer.at("participants").at(1).at("participantId"), "dan");
  EXPECT_EQ(again.names(), "<ack 1> new-consumer") << "made while there was nobody to tell";
  EXPECT_EQ(again.last("new-consumer").at("kind"), "video");
  again.break_off();
  TestClient third(*service_, "bob");
  resume(third);
  EXPECT_EQ(third.names(), "<ack 1>") << "told once";
}

TEST_F(ReturningTest, ResumeWhereNothingIsKeptJoinsAnew) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  bob.break_off();
  service_->pass(seconds(5));
  TestClient again(*service_, "bob");
  const auto answer = resume(again);
  EXPECT_EQ(answer.at("resumed"), false);
  EXPECT_FALSE(answer.as_object().contains("transports"));
  again.create_transport("one", "send");
  EXPECT_EQ(again.count("existing-participants"), 1u);
}

TEST_F(ReturningTest, ResumeInTheSameConnectionTellsWhatIsThere) {
  TestClient bob(*service_, "bob");
  bob.enter("one");
  const auto answer = resume(bob);
  EXPECT_EQ(answer.at("resumed"), true);
  EXPECT_EQ(count_of(answer, "transports"), 2u);
  EXPECT_FALSE(bob.closed);
}

TEST_F(TwoInARoomTest, WithoutResumeAVanishedOneLeavesAndANewOneJoins) {
  bob_.produce_video();
  hear_all();
  bob_.break_off();
  ann_.forget();
  TestClient again(*service_, "bob");
  const auto answer = again.ask("join-room", joining("one", false));
  EXPECT_FALSE(answer.as_object().contains("resumed"));
  again.create_transport("one", "send");
  EXPECT_EQ(ann_.names(),
            "consumer-producer-closed consumer-closed producer-closed participant-left "
            "participant-joined");
  service_->pass(seconds(60));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  EXPECT_EQ(worker().transports.size(), 3u);
  again.close();
  ann_.close();
  expect_nothing_left();
}

TEST_F(TwoInARoomTest, OnlyTheSamePersonResumes) {
  bob_.break_off();
  TestClient eve(*service_, "eve");
  EXPECT_EQ(resume(eve).at("resumed"), false);
  EXPECT_EQ(service_->server->rooms().begin()->second->size(), 3u);
}

TEST_F(ReturningTest, ResumingInOneRoomTouchesNoOther) {
  TestClient here(*service_, "bob"), there(*service_, "bob");
  here.enter("one");
  there.enter("two");
  here.break_off();
  TestClient again(*service_, "bob");
  EXPECT_EQ(resume(again).at("resumed"), true);
  EXPECT_FALSE(there.closed);
  EXPECT_EQ(service_->server->rooms().size(), 2u);
}

TEST_F(ReturningTest, ASecondConnectionWithoutAMediaRoomIsNotTouched) {
  TestClient bob(*service_, "bob"), idle(*service_, "bob");
  bob.enter("one");
  TestClient again(*service_, "bob");
  resume(again);
  TestClient anew(*service_, "bob");
  anew.join("one");
  EXPECT_FALSE(idle.closed);
  EXPECT_TRUE(again.disconnected);
}

TEST_F(ReturningTest, WhoResumesLeavesTheRoomItIsIn) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("two");
  bob.enter("one");
  bob.break_off();
  TestClient again(*service_, "bob");
  again.enter("two");
  EXPECT_EQ(resume(again).at("resumed"), true);
  EXPECT_EQ(ann.count("participant-left"), 1u);
}

}  // namespace
}  // namespace sfu::service

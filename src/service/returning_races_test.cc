#include <gmock/gmock.h>

#include <chrono>

#include "service/returning_for_test.h"

// What the old connection had asked for when the new one takes over: `holding` keeps the worker's
// replies back.

namespace sfu::service {
namespace {

using std::chrono::seconds;

TEST_F(TwoInARoomTest, WhatTheOldConnectionHadBegunShowsInTheAnswerAndIsToldToNobodyTwice) {
  bob_.produce_video();
  worker().holding = true;
  const auto ack = bob_.start_asking("pause-producer", json::object{{"kind", "video"}});
  service_->pump();
  TestClient again(*service_, "bob");
  const auto joined = again.start_asking("join-room", joining("one", true));
  service_->pump();
  EXPECT_TRUE(again.answer(joined).is_null()) << "it waits for what is under way";
  release();
  EXPECT_EQ(again.answer(joined).at("producers").at(0).at("paused"), true);
  EXPECT_TRUE(bob_.answer(ack).is_null()) << "the old connection is closed";
  EXPECT_EQ(again.names(), "<ack 1>");
  EXPECT_EQ(ann_.count("producer-state-changed"), 1u);
}

TEST_F(TwoInARoomTest, AProducerThatWasUnderWayIsThereOnce) {
  hear_all();
  worker().holding = true;
  bob_.produce_video();
  bob_.break_off();
  TestClient again(*service_, "bob");
  const auto joined = again.start_asking("join-room", joining("one", true));
  release();
  EXPECT_EQ(again.answer(joined).at("producers").as_array().size(), 1u);
  EXPECT_EQ(again.count("producer-created"), 0u);
  EXPECT_EQ(ann_.count("new-consumer"), 1u);
  EXPECT_EQ(worker().producers.size(), 1u);
}

TEST_F(TwoInARoomTest, WhatTheOldConnectionSentBehindTheTakeOverIsNotCarriedOut) {
  bob_.produce_video();
  TestClient again(*service_, "bob");
  worker().holding = true;
  ann_.produce_video();  // Has the room's turn.
  const auto joined = again.start_asking("join-room", joining("one", true));
  service_->pump();
  bob_.queue("create-webrtc-transport", json::object{{"roomId", "one"}, {"direction", "send"}});
  service_->pump();  // Waits for its turn behind the join.
  release();
  EXPECT_EQ(again.answer(joined).at("resumed"), true);
  EXPECT_EQ(again.answer(joined).at("producers").as_array().size(), 1u);
  EXPECT_EQ(worker().producers.size(), 2u) << "its transport was not replaced behind its back";
  EXPECT_EQ(worker().transports.size(), 4u);
}

TEST_F(TwoInARoomTest, ALeaveRoomThatWaitedInTheOldConnectionCounts) {
  worker().holding = true;
  bob_.produce_video();
  bob_.emit("leave-room");
  TestClient again(*service_, "bob");
  const auto joined = again.start_asking("join-room", joining("one", true));
  service_->pump();
  release();
  EXPECT_EQ(again.answer(joined).at("resumed"), false);
  EXPECT_EQ(ann_.count("participant-left"), 1u);
}

TEST_F(ReturningTest, AJoinThatTheReplacedConnectionHadQueuedDoesNotTakeThePlaceBack) {
  TestClient old_bob(*service_, "bob"), ann(*service_, "ann");
  ann.enter("one");
  old_bob.enter("one");
  worker().holding = true;
  old_bob.produce_video();
  old_bob.queue("join-room", joining("one", false));
  service_->pump();
  TestClient new_bob(*service_, "bob");
  new_bob.queue("join-room", joining("one", false));
  service_->pump();
  release();
  EXPECT_TRUE(old_bob.disconnected);
  EXPECT_FALSE(new_bob.disconnected);
  EXPECT_EQ(new_bob.count("participant-replaced"), 0u);
  new_bob.close();
  ann.close();
  expect_nothing_left();
}

TEST_F(TwoInARoomTest, WhoVanishesAgainWhileResumingIsKeptForItsGrace) {
  hear_all();
  TestClient again(*service_, "bob");
  worker().holding = true;
  again.queue("join-room", joining("one", true));
  service_->pump();
  again.break_off();
  release();
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  TestClient third(*service_, "bob");
  EXPECT_EQ(resume(third).at("resumed"), true);
  third.break_off();
  service_->pass(seconds(30));
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  ann_.close();
  expect_nothing_left();
}

TEST_F(TwoInARoomTest, TheGraceThatEndsWhileResumingMakesItAJoinAnew) {
  hear_all();
  bob_.break_off();
  TestClient again(*service_, "bob");
  worker().holding = true;
  const auto joined = again.start_asking("join-room", joining("one", true));
  service_->pump();
  service_->pass(seconds(30));
  release();
  EXPECT_EQ(again.answer(joined).at("resumed"), false);
  EXPECT_EQ(ann_.count("participant-left"), 1u);
  again.close();
  ann_.close();
  expect_nothing_left();
}

TEST_F(TwoInARoomTest, TwoConnectionsThatResumeAtOnceEndWithOne) {
  hear_all();
  bob_.break_off();
  TestClient first(*service_, "bob"), second(*service_, "bob");
  worker().holding = true;
  first.queue("join-room", joining("one", true));
  second.queue("join-room", joining("one", true));
  service_->pump();
  release();
  EXPECT_NE(first.closed, second.closed);
  EXPECT_EQ(ann_.count("participant-left"), 0u);
  EXPECT_EQ(service_->server->rooms().begin()->second->size(), 2u);
}

TEST_F(ReturningTest, ARoomOfManyThatVanishAndResumeIsAsItWas) {
  std::vector<std::unique_ptr<TestClient>> people;
  for (int i = 0; i < 8; ++i) {
    people.push_back(std::make_unique<TestClient>(*service_, "p" + std::to_string(i)));
    people.back()->enter("one");
    people.back()->produce_audio();
  }
  hear_all();
  for (auto& person : people) person->break_off();
  for (int i = 0; i < 8; ++i) {
    people[static_cast<std::size_t>(i)] =
        std::make_unique<TestClient>(*service_, "p" + std::to_string(i));
    const auto answer = resume(*people[static_cast<std::size_t>(i)]);
    EXPECT_EQ(count_of(answer, "consumers"), 7u);
    EXPECT_EQ(count_of(answer, "producers"), 1u);
  }
  EXPECT_EQ(worker().consumers.size(), 56u);
  for (auto& person : people) EXPECT_EQ(person->names(), "<ack 1>");
  for (auto& person : people) person->close();
  expect_nothing_left();
}

}  // namespace
}  // namespace sfu::service

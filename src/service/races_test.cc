#include <gmock/gmock.h>

#include "service/fixture_for_test.h"

// What happens while a worker has not answered yet: `holding` keeps its replies back.

namespace sfu::service {
namespace {

using RaceTest = ServiceTest;

json::value creating(const char* direction) {
  return json::object{{"roomId", "one"}, {"direction", direction}};
}

TEST_F(RaceTest, RequestsOfOneConnectionAreAnsweredInOrder) {
  TestClient ann(*service_, "ann");
  worker().holding = true;
  const json::value room = json::object{{"roomId", "one"}};
  const auto join = ann.start_asking("join-room", room);
  ann.start_asking("no-such-event");
  ann.start_asking("create-webrtc-transport", creating("send"));
  ann.start_asking("pause-producer", json::object{{"kind", "video"}});
  ann.start_asking("leave-room");
  service_->pump();
  EXPECT_EQ(ann.names(), "");
  release();
  EXPECT_EQ(ann.names(), "<ack 1> <ack 2> existing-participants <ack 3> <ack 4> <ack 5>");
  EXPECT_EQ(ann.answer(join).at("ok"), true);
  EXPECT_EQ(ann.answer(3).at("ok"), true);
  EXPECT_EQ(ann.answer(5).at("ok"), true);
}

TEST_F(RaceTest, TwoWhoOpenARoomAtOnceMeetInOne) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  bob.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  release();
  EXPECT_EQ(ann.count("router-rtp-capabilities"), 1u);
  EXPECT_EQ(bob.count("router-rtp-capabilities"), 1u);
  EXPECT_EQ(worker().count<core::CreateRouter>(), 1u);
  EXPECT_EQ(service_->server->rooms().begin()->second->size(), 2u);
}

TEST_F(RaceTest, ARoomThatCouldNotBeOpenedIsOpenedByTheNext) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  worker().holding = true;
  worker().refuse_next<core::CreateRouter>(core::CommandError::LimitReached);
  ann.queue("join-room", json::object{{"roomId", "one"}});
  bob.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  release();
  EXPECT_EQ(error_of(ann.last("error")), "limit_reached|Failed to join room|");
  EXPECT_EQ(bob.count("router-rtp-capabilities"), 1u);
}

TEST_F(RaceTest, WhoGoesWhileJoiningLeavesNoRoomBehind) {
  TestClient ann(*service_, "ann");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  ann.close();
  release();
  expect_nothing_left();
}

TEST_F(RaceTest, WhoGoesWhileATransportIsMadeLeavesNoneBehind) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  ann.join("one");
  worker().holding = true;
  ann.queue("create-webrtc-transport", creating("send"));
  service_->pump();
  ann.close();
  release();
  EXPECT_EQ(bob.count("participant-joined"), 0u);
  EXPECT_EQ(bob.count("participant-left"), 0u);
  EXPECT_EQ(worker().transports.size(), 2u);
  bob.close();
  expect_nothing_left();
}

TEST_F(RaceTest, WhoGoesWhileProducingLeavesNoProducerBehind) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  worker().holding = true;
  bob.produce_video();
  bob.close();
  release();
  EXPECT_EQ(ann.count("new-consumer"), 0u);
  EXPECT_TRUE(worker().producers.empty());
  ann.close();
  expect_nothing_left();
}

TEST_F(RaceTest, AProducerThatGoesWhileItsConsumersAreMadeIsClosedForEverybodyOnce) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.join("one");
  bob.create_transport("one", "send");
  bob.produce_video();
  TestClient eve(*service_, "eve");
  eve.join("one");
  eve.create_transport("one", "recv");
  ann.forget();
  worker().holding = true;
  eve.set_capabilities();  // The pair of eve and bob's video is reserved now.
  bob.close();
  release();
  EXPECT_EQ(eve.count("new-consumer"), 0u);
  EXPECT_EQ(eve.count("producer-closed"), 1u);
  EXPECT_EQ(eve.count("consumer-closed"), 0u);
  EXPECT_EQ(eve.count("rtp-capabilities-set"), 1u);
  EXPECT_EQ(ann.names(),
            "consumer-producer-closed consumer-closed producer-closed participant-left");
  eve.close();
  ann.close();
  expect_nothing_left();
}

TEST_F(RaceTest, AViewerThatGoesWhileItsConsumersAreMadeLeavesNoneBehind) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  bob.produce_video();
  ann.join("one");
  ann.create_transport("one", "recv");
  worker().holding = true;
  ann.set_capabilities();
  ann.close();
  release();
  EXPECT_TRUE(worker().consumers.empty());
  bob.close();
  expect_nothing_left();
}

TEST_F(RaceTest, AViewerThatLeavesOnlyAfterwardsGetsItsConsumersFirst) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  bob.produce_video();
  ann.join("one");
  ann.create_transport("one", "recv");
  worker().holding = true;
  ann.set_capabilities();
  ann.emit("leave-room");
  ann.forget();
  release();
  EXPECT_EQ(ann.names(), "new-consumer rtp-capabilities-set room-left");
}

TEST_F(RaceTest, WhoIsReplacedIsAnsweredTheRequestThatHadBegunAndNoneThatWaitedBehindIt) {
  TestClient old_bob(*service_, "bob"), ann(*service_, "ann");
  ann.enter("one");
  old_bob.enter("one");
  old_bob.forget();
  worker().holding = true;
  old_bob.produce_video();
  old_bob.produce_audio();
  TestClient new_bob(*service_, "bob");
  new_bob.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  EXPECT_EQ(old_bob.names(), "") << "the worker has answered nothing yet";
  release();
  EXPECT_EQ(old_bob.names(), "producer-created participant-replaced");
  EXPECT_EQ(old_bob.last("producer-created").at("kind"), "video");
  EXPECT_EQ(old_bob.last("participant-replaced"),
            (json::object{{"participantId", "bob"}, {"roomId", "one"}}));
  EXPECT_TRUE(old_bob.disconnected);
  EXPECT_EQ(ann.count("participant-left"), 1u);
  EXPECT_EQ(ann.count("new-consumer"), 1u);
  EXPECT_EQ(ann.count("consumer-closed"), 1u);
  EXPECT_EQ(new_bob.count("router-rtp-capabilities"), 1u);
  EXPECT_TRUE(worker().producers.empty());
  EXPECT_TRUE(worker().consumers.empty());
}

TEST_F(RaceTest, ProducersAndViewersThatComeTogetherMeetExactlyOnce) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), eve(*service_, "eve");
  for (TestClient* one : {&ann, &bob, &eve}) {
    one->join("one");
    one->create_transport("one", "send");
    one->create_transport("one", "recv");
  }
  worker().holding = true;
  for (TestClient* one : {&ann, &bob, &eve}) {
    one->queue("create-producer", TestClient::producing("video", ortc::kChromiumVp8));
    one->queue(
        "set-rtp-capabilities",
        json::object{{"rtpCapabilities", ortc::to_json(TestClient::receiving_capabilities())}});
    one->queue("create-producer", TestClient::producing("audio", ortc::kChromiumOpus));
  }
  service_->pump();
  release();
  for (TestClient* one : {&ann, &bob, &eve}) {
    EXPECT_EQ(one->count("new-consumer"), 4u);
    EXPECT_EQ(one->count("error"), 0u);
  }
  EXPECT_EQ(worker().consumers.size(), 12u);
}

TEST_F(RaceTest, AConsumerThatIsClosedWhileResumingAnswersClosed) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  bob.produce_video();
  ann.enter("one");
  const auto id = ann.last("new-consumer").at("consumerId");
  worker().holding = true;
  const auto ack = ann.start_asking("resume-consumer", json::object{{"consumerId", id}});
  service_->pump();
  bob.emit("close-producer", json::object{{"kind", "video"}});
  release();
  EXPECT_EQ(ann.answer(ack).at("error").at("code"), "closed");
}

TEST_F(RaceTest, ResumeAllPassesOverWhatIsClosedMeanwhile) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  bob.produce_video();
  bob.produce_audio();
  ann.enter("one");
  worker().holding = true;
  const auto ack = ann.start_asking("resume-all-consumers");
  service_->pump();
  bob.emit("close-producer", json::object{{"kind", "video"}});
  release();
  EXPECT_EQ(ann.answer(ack).at("consumerIds").as_array().size(), 1u);
}

TEST_F(RaceTest, AServiceThatEndsInTheMiddleOfRequestsEndsQuietly) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  bob.enter("one");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  ann.queue("create-webrtc-transport", creating("recv"));
  bob.produce_video();
  service_->pump();
  service_->server.reset();
}

TEST_F(RaceTest, AWholeRoomThatBreaksOffAtOnceLeavesNothing) {
  std::vector<std::unique_ptr<TestClient>> people;
  for (int i = 0; i < 12; ++i) {
    people.push_back(std::make_unique<TestClient>(*service_, "p" + std::to_string(i)));
    people.back()->enter("one");
  }
  for (auto& person : people) person->produce_audio();
  worker().holding = true;
  for (auto& person : people)
    person->queue("create-producer", TestClient::producing("video", ortc::kChromiumVp8));
  service_->pump();
  for (auto& person : people) person->close();
  release();
  expect_nothing_left();
}

}  // namespace
}  // namespace sfu::service

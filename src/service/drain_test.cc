#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

class DrainTest : public ServiceTest {
 protected:
  void drain(std::chrono::milliseconds left = std::chrono::seconds(20)) {
    service_->server->drain(left, [this] { ++times_told_; });
    service_->pump();
  }
  std::string health() {
    const auto response = service_->get(&MediasoupServer::handle_health, HttpRequest{});
    return std::to_string(response.status) + " " +
           std::string(json::parse(response.body).at("status").as_string());
  }
  /// How a connection with this in its query is answered.
  std::string knock(const std::string& query, const std::string& user = "newcomer") {
    TestClient client(*service_, TestClient::Query{query});
    client.connect_as(user);
    const std::string heard =
        client.connected ? "welcome"
                         : std::string(client.connect_error->at("data").at("code").as_string());
    client.close();
    return heard;
  }

  int times_told_ = 0;
};

TEST_F(DrainTest, EverybodyHearsHowManyMillisecondsAreLeftInARoomOrNot) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  drain(std::chrono::milliseconds(1500));
  for (const TestClient* client : {&ann, &bob})
    EXPECT_EQ(client->payloads("server-draining"),
              std::vector{json::parse(R"({"deadlineMs":1500})")});
}

TEST_F(DrainTest, WhoConnectsLaterHearsWhatIsLeftThen) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  drain(std::chrono::seconds(20));
  service_->now += std::chrono::seconds(5);
  TestClient bob(*service_, "bob");
  ASSERT_TRUE(bob.connected);
  EXPECT_EQ(bob.last("server-draining"), json::parse(R"({"deadlineMs":15000})"));
  service_->now += std::chrono::minutes(1);
  TestClient eve(*service_, "eve");
  EXPECT_EQ(eve.last("server-draining"), json::parse(R"({"deadlineMs":0})"));
}

TEST_F(DrainTest, NoRoomIsOpenedAndWhoAskedStaysWhereTheyWere) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  drain();
  const auto refusal = ann.ask("join-room", json::object{{"roomId", "two"}});
  EXPECT_EQ(error_of(refusal),
            "shutting_down|Failed to join room|the server opens no new rooms any more");
  ann.emit("join-room", json::object{{"roomId", "two"}});
  EXPECT_EQ(ann.last("error").at("code"), "shutting_down");
  EXPECT_EQ(ann.ask("leave-room").at("roomId"), "one");
}

TEST_F(DrainTest, ARunningMeetingCanBeJoinedAndEverythingInItGoesOn) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  drain();
  TestClient bob(*service_, "bob");
  bob.enter("one");
  bob.produce_audio();
  EXPECT_EQ(ann.count("participant-joined"), 1u);
  EXPECT_EQ(ann.count("new-consumer"), 1u);
}

TEST_F(DrainTest, OnlyWhoWantsAMeetingThatDoesNotRunIsRefusedAtTheDoor) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  EXPECT_EQ(knock("&roomId=two"), "welcome");
  drain();
  EXPECT_EQ(knock(""), "welcome");
  EXPECT_EQ(knock("&roomId="), "welcome");
  EXPECT_EQ(knock("&roomId=one"), "welcome");
  EXPECT_EQ(knock("&roomId=two"), "shutting_down");
}

TEST_F(DrainTest, WithoutAMeetingItIsToldOnceAndNobodyIsLetIn) {
  drain();
  EXPECT_EQ(times_told_, 1);
  EXPECT_EQ(knock(""), "shutting_down");
  EXPECT_EQ(times_told_, 1);
}

TEST_F(DrainTest, WhoHasNoGoodTokenIsNotToldWhichMeetingsRun) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  drain();
  TestClient stranger(*service_, TestClient::Query{"&roomId=two"});
  stranger.connect(json::object{{"token", "x"}});
  EXPECT_EQ(stranger.connect_error->at("data").at("code"), "token_invalid");
}

TEST_F(DrainTest, TheEndOfTheLastMeetingIsToldOnceAfterItsPeopleWereAnswered) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("two");
  drain();
  ann.close();
  EXPECT_EQ(times_told_, 0);
  EXPECT_EQ(bob.ask("leave-room").at("ok"), true);
  EXPECT_EQ(times_told_, 1);
  expect_nothing_left();
}

TEST_F(DrainTest, ARoomThatWasAskedForBeforeIsStillOpened) {
  TestClient ann(*service_, "ann");
  worker().holding = true;
  ann.queue("join-room", json::object{{"roomId", "one"}});
  service_->pump();
  drain();
  EXPECT_EQ(times_told_, 0);
  release();
  EXPECT_EQ(ann.count("router-rtp-capabilities"), 1u);
  ann.close();
  EXPECT_EQ(times_told_, 1);
}

TEST_F(DrainTest, APeerToPeerRoomIsAMeetingLikeAnyOther) {
  const auto ready = [](const char* room) { return json::object{{"roomId", room}}; };
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ASSERT_EQ(ann.ask("ready", ready("one")).at("ok"), true);
  drain();
  EXPECT_EQ(times_told_, 0);
  EXPECT_EQ(knock("&roomId=one"), "welcome");
  EXPECT_EQ(bob.ask("ready", ready("two")).at("error").at("code"), "shutting_down");
  EXPECT_EQ(bob.ask("ready", ready("one")).at("ok"), true);
  EXPECT_EQ(bob.ask("join-room", ready("one")).at("ok"), true) << "the same meeting";
  bob.close();
  EXPECT_EQ(times_told_, 0);
  EXPECT_EQ(ann.ask("user-left", ready("one")).at("ok"), true);
  EXPECT_EQ(times_told_, 1);
}

TEST_F(DrainTest, HealthSaysSoFromItsStartOn) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  EXPECT_EQ(health(), "200 OK");
  drain();
  EXPECT_EQ(health(), "503 DRAINING");
}

}  // namespace
}  // namespace sfu::service

#include <gmock/gmock.h>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

using JoiningTest = ServiceTest;

TEST_F(JoiningTest, TheReplyCarriesTheRoutersCapabilities) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  EXPECT_EQ(ann.names(), "router-rtp-capabilities");
  EXPECT_EQ(ann.last("router-rtp-capabilities").at("rtpCapabilities"),
            json::value(ortc::to_json(ortc::router_capabilities())));
}

TEST_F(JoiningTest, AnAcknowledgementTakesTheReplyEventsPlace) {
  TestClient ann(*service_, "ann");
  const auto answer = ann.ask("join-room", json::object{{"roomId", "one"}, {"resume", true}});
  EXPECT_EQ(answer.at("ok"), true);
  EXPECT_EQ(answer.at("resumed"), false);
  EXPECT_TRUE(answer.as_object().contains("rtpCapabilities"));
  EXPECT_EQ(ann.names(), "<ack 1>");
}

TEST_F(JoiningTest, OthersHearOfAParticipantAtItsFirstTransportAndOnce) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.join("one");
  EXPECT_EQ(ann.count("participant-joined"), 0u);
  bob.create_transport("one", "recv");
  bob.create_transport("one", "send");
  ASSERT_EQ(ann.count("participant-joined"), 1u);
  EXPECT_EQ(
      ann.last("participant-joined"),
      json::parse(
          R"({"participantId":"bob","userInfo":{"email":"bob@example.org","userId":"bob"}})"));
  EXPECT_EQ(bob.names(),
            "router-rtp-capabilities existing-participants webrtc-transport-created "
            "webrtc-transport-created");
  EXPECT_EQ(bob.last("existing-participants"),
            json::parse(R"({"participants":[{"participantId":"ann",
              "userInfo":{"email":"ann@example.org","userId":"ann"},"producers":[]}]})"));
}

TEST_F(JoiningTest, ExistingParticipantsListsWhatTheySend) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), silent(*service_, "silent");
  silent.join("one");  // Without a transport it is not there for others.
  ann.enter("one");
  ann.emit("create-producer", TestClient::producing("video", ortc::kChromiumVp8, true));
  bob.enter("one");
  const auto listed = bob.last("existing-participants").at("participants");
  ASSERT_EQ(listed.as_array().size(), 1u);
  const auto& producer = listed.at(0).at("producers").at(0);
  EXPECT_EQ(producer.at("kind"), "video");
  EXPECT_EQ(producer.at("appData"), json::parse(R"({"screen":true})"));
  EXPECT_EQ(producer.at("producerId"), ann.last("producer-created").at("producerId"));
}

TEST_F(JoiningTest, LeavingIsHeardOnceAndLeavesNothingBehind) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.produce_video();
  ann.produce_audio();
  const auto answer = bob.ask("leave-room");
  EXPECT_EQ(answer, json::parse(R"({"roomId":"one","ok":true})"));
  EXPECT_EQ(ann.count("participant-left"), 1u);
  EXPECT_EQ(ann.last("participant-left"), json::parse(R"({"participantId":"bob"})"));
  EXPECT_EQ(ann.count("consumer-closed"), 1u);
  bob.close();
  EXPECT_EQ(ann.count("participant-left"), 1u);
  ann.emit("leave-room");
  EXPECT_EQ(ann.last("room-left"), json::parse(R"({"roomId":"one"})"));
  expect_nothing_left();
}

TEST_F(JoiningTest, LeavingOutsideARoomFails) {
  TestClient ann(*service_, "ann");
  EXPECT_EQ(error_of(ann.ask("leave-room")), "not_in_room|Failed to leave room|join a room first");
  ann.join("one");
  EXPECT_EQ(ann.ask("leave-room").at("ok"), true);
  EXPECT_EQ(ann.ask("leave-room").at("ok"), false);
}

TEST_F(JoiningTest, WhoNeverCreatedATransportLeavesUnheard) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.join("one");
  bob.emit("leave-room");
  EXPECT_EQ(ann.count("participant-left"), 0u);
}

TEST_F(JoiningTest, JoiningASecondRoomLeavesTheFirst) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.produce_video();
  bob.join("two");
  EXPECT_EQ(ann.count("participant-left"), 1u);
  EXPECT_EQ(ann.count("consumer-producer-closed"), 1u);
  bob.forget();
  bob.create_transport("two", "send");
  EXPECT_EQ(bob.names(), "existing-participants webrtc-transport-created");
  EXPECT_EQ(bob.last("existing-participants"), json::parse(R"({"participants":[]})"));
}

TEST_F(JoiningTest, AFailedJoinLeavesTheOldRoomAsItIs) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  worker().refuse_next<core::CreateRouter>(core::CommandError::LimitReached);
  EXPECT_EQ(error_of(bob.ask("join-room", json::object{{"roomId", "two"}})),
            "limit_reached|Failed to join room|");
  EXPECT_EQ(ann.count("participant-left"), 0u);
  bob.produce_video();
  EXPECT_EQ(ann.count("new-consumer"), 1u);
  EXPECT_EQ(service_->server->rooms().size(), 1u);
}

TEST_F(JoiningTest, JoiningTheSameRoomAgainIsDoneAlready) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.join("one");
  EXPECT_EQ(bob.count("router-rtp-capabilities"), 2u);
  EXPECT_EQ(ann.count("participant-left"), 0u);
  EXPECT_FALSE(bob.disconnected);
}

TEST_F(JoiningTest, TheSameUserElsewhereReplacesTheOldConnection) {
  TestClient ann(*service_, "ann"), old_bob(*service_, "bob");
  ann.enter("one");
  old_bob.enter("one");
  old_bob.produce_video();
  ann.forget();
  TestClient new_bob(*service_, "bob");
  new_bob.join("one");
  EXPECT_EQ(old_bob.last("participant-replaced"),
            json::parse(R"({"participantId":"bob","roomId":"one"})"));
  EXPECT_TRUE(old_bob.disconnected);
  EXPECT_TRUE(old_bob.closed);
  new_bob.create_transport("one", "send");
  EXPECT_EQ(ann.names(),
            "consumer-producer-closed consumer-closed producer-closed participant-left "
            "participant-joined");
  EXPECT_FALSE(new_bob.disconnected);
}

TEST_F(JoiningTest, TheLastPersonIsReplacedInTheSameRoom) {
  TestClient old_bob(*service_, "bob");
  old_bob.enter("one");
  TestClient new_bob(*service_, "bob");
  new_bob.enter("one");
  EXPECT_TRUE(old_bob.disconnected);
  EXPECT_EQ(new_bob.count("webrtc-transport-created"), 2u);
  EXPECT_EQ(worker().count<core::CreateRouter>(), 1u);
  new_bob.close();
  expect_nothing_left();
}

TEST_F(JoiningTest, TheSameUserInAnotherRoomIsNotTouched) {
  TestClient here(*service_, "bob"), there(*service_, "bob");
  here.enter("one");
  there.enter("two");
  EXPECT_FALSE(here.disconnected);
  EXPECT_EQ(service_->server->rooms().size(), 2u);
}

TEST_F(JoiningTest, TwoRoomsHearNothingOfEachOther) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("two");
  ann.forget();
  bob.produce_video();
  bob.emit("pause-producer", json::object{{"kind", "video"}});
  bob.emit("close-producer", json::object{{"kind", "video"}});
  bob.close();
  EXPECT_EQ(ann.names(), "");
}

struct RoomIdCase {
  const char* name;
  json::value id;
  bool allowed;
};

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_F(JoiningTest, RoomIdsAreBoundedTexts) {
  const auto text = [](const std::string& value) { return json::value(json::string(value)); };
  const RoomIdCase cases[] = {
      {"one byte", "a", true},
      {"128 bytes", text(repeated("a", 128)), true},
      {"129 bytes", text(repeated("a", 129)), false},
      {"empty", "", false},
      {"letters beyond ASCII", "Raum f\u00fcr alle \u2713", true},
      {"64 letters of two bytes", text(repeated("\u00e9", 64)), true},
      {"65 letters of two bytes", text(repeated("\u00e9", 65)), false},
      {"line break", "a\nb", false},
      {"delete", "a\x7f", false},
      {"C1 control", "a\xc2\x85", false},
      {"no-break space", "a\xc2\xa0", true},
      {"number", 7, false},
      {"null", nullptr, false},
      {"object", json::object{}, false},
  };
  for (const auto& one : cases) {
    TestClient ann(*service_, "ann");
    const auto answer = ann.ask("join-room", json::object{{"roomId", one.id}});
    EXPECT_EQ(answer.at("ok"), one.allowed) << one.name;
    if (!one.allowed) {
      EXPECT_EQ(answer.at("error").at("code"), "invalid_request") << one.name;
    }
    ann.close();
  }
}

class SmallServerTest : public ServiceTest {
 protected:
  static Options small() {
    Options options;
    options.max_rooms = 1;
    options.max_participants_per_room = 2;
    return options;
  }
  SmallServerTest() : ServiceTest(1, small()) {}
};

TEST_F(SmallServerTest, RoomsAndTheirPeopleAreBounded) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), eve(*service_, "eve");
  const auto one = json::object{{"roomId", "one"}};
  EXPECT_EQ(ann.ask("join-room", one).at("ok"), true);
  EXPECT_EQ(bob.ask("join-room", one).at("ok"), true);
  EXPECT_EQ(eve.ask("join-room", one).at("error").at("code"), "limit_reached");
  EXPECT_EQ(eve.ask("join-room", json::object{{"roomId", "two"}}).at("error").at("code"),
            "limit_reached");
  TestClient again(*service_, "bob");  // Replaces, so it fits.
  EXPECT_EQ(again.ask("join-room", one).at("ok"), true);
}

class TwoWorkersTest : public ServiceTest {
 protected:
  TwoWorkersTest() : ServiceTest(2) {}
};

TEST_F(TwoWorkersTest, EachNewRoomGoesToTheLeastLoadedWorker) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob"), eve(*service_, "eve");
  ann.enter("one");
  EXPECT_EQ(workers_[0].routers.size(), 1u);
  bob.enter("two");
  EXPECT_EQ(workers_[1].routers.size(), 1u);
  workers_[1].load = 0.3;
  service_->now += std::chrono::seconds(2);
  eve.join("an early one");  // Whoever comes makes the service ask how busy all are.
  eve.enter("three");
  EXPECT_EQ(workers_[0].routers.size(), 2u);
  EXPECT_EQ(workers_[0].transports.size(), 4u);
}

}  // namespace
}  // namespace sfu::service

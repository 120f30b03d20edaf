#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/fixture_for_test.h"
#include "service/requests.h"

// Nobody acts on what belongs to somebody else, whatever ids a request names.

namespace sfu::service {
namespace {

class ForeignIdsTest : public ServiceTest {
 protected:
  /// Ann sends, Bob sees it, Eve knows all of their ids.
  ForeignIdsTest() : ann_(*service_, "ann"), bob_(*service_, "bob"), eve_(*service_, "eve") {
    ann_.enter("one");
    ann_.produce_video();
    bob_.enter("one");
    bob_.produce_audio();
    consumer_ = bob_.last("new-consumer").at("consumerId");
    producer_ = bob_.last("new-consumer").at("producerId");
    transport_ = bob_.last("webrtc-transport-created").at("id");
    bob_.emit("resume-consumer", json::object{{"consumerId", consumer_}});
  }

  /// Every field that any request names something with.
  json::object naming_bobs_things(std::string_view room) const {
    return {{"roomId", room},
            {"consumerId", consumer_},
            {"producerId", producer_},
            {"transportId", transport_},
            {"participantId", "bob"},
            {"userId", "bob"},
            {"to", "bob"},
            {"spatialLayer", 0},
            {"priority", 1}};
  }
  /// What of Ann's and Bob's there is, and in which state.
  std::string state() {
    std::string text;
    for (TestClient* client : {&ann_, &bob_}) {
      const auto stats = client->ask("get-participant-stats");
      text += json::serialize(stats.at("producers")) + json::serialize(stats.at("consumers")) +
              json::serialize(stats.at("transports")) + "\n";
    }
    return text;
  }
  void forget() {
    ann_.forget();
    bob_.forget();
  }
  static std::string told(const TestClient& client) {
    std::string names;
    for (const auto& one : client.received)
      if (!one.event.starts_with("<ack")) names += one.event + " ";
    return names;
  }

  TestClient ann_, bob_, eve_;
  json::value consumer_, producer_, transport_;
};

TEST_F(ForeignIdsTest, SomebodyInAnotherRoomChangesNothingWithAnyEvent) {
  eve_.enter("two");
  const std::string before = state();
  for (const RequestInfo& info : request_table()) {
    for (const char* kind : {"video", "audio"}) {
      eve_.enter("two");
      forget();
      auto payload = naming_bobs_things("two");
      payload["kind"] = kind;
      payload["direction"] = "recv";
      eve_.ask(info.event, payload);
      EXPECT_EQ(told(ann_) + told(bob_), "") << info.event;
      EXPECT_EQ(state(), before) << info.event;
      service_->now += std::chrono::seconds(10);
    }
  }
}

TEST_F(ForeignIdsTest, SomebodyInNoRoomChangesNothingWithAnyEventButJoining) {
  const std::string before = state();
  for (const RequestInfo& info : request_table()) {
    if (info.stage == Stage::Anytime) continue;
    forget();
    auto payload = naming_bobs_things("one");
    payload["kind"] = "video";
    payload["direction"] = "recv";
    EXPECT_EQ(eve_.ask(info.event, payload).at("ok"), false) << info.event;
    EXPECT_EQ(told(ann_) + told(bob_), "") << info.event;
    EXPECT_EQ(state(), before) << info.event;
  }
}

TEST_F(ForeignIdsTest, AConsumerIsOnlyItsViewersNotItsSendersNorItsNeighbours) {
  eve_.enter("one");
  const std::string before = state();
  for (const char* event : {"resume-consumer", "pause-consumer", "set-preferred-layers",
                            "set-consumer-priority", "request-key-frame"}) {
    if (!find_request(event)) continue;
    for (TestClient* client : {&ann_, &eve_}) {
      const auto answer = client->ask(event, naming_bobs_things("one"));
      EXPECT_EQ(answer.at("error").at("code"), "not_found") << event;
    }
    EXPECT_EQ(state(), before) << event;
  }
}

TEST_F(ForeignIdsTest, ATransportIsMadeOnlyInTheRoomThatWasJoined) {
  eve_.enter("two");
  const auto answer =
      eve_.ask("create-webrtc-transport", json::object{{"roomId", "one"}, {"direction", "send"}});
  EXPECT_EQ(error_of(answer),
            "not_in_room|Failed to create transport|roomId names another room than the one joined");
}

TEST_F(ForeignIdsTest, ClosingAKindClosesOnesOwnAndNoOther) {
  eve_.enter("one");
  const std::string before = state();
  forget();
  for (const char* event : {"close-producer", "pause-producer", "resume-producer"})
    eve_.ask(event, json::object{{"kind", "video"}, {"participantId", "ann"}, {"userId", "ann"}});
  EXPECT_EQ(told(ann_) + told(bob_), "");
  EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace sfu::service

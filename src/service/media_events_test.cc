#include <gmock/gmock.h>

#include "service/fixture_for_test.h"

// producer-score, consumer-score, audio-levels, active-speaker.

namespace sfu::service {
namespace {

class MediaEventsTest : public ServiceTest {
 protected:
  MediaEventsTest() : ServiceTest(2) {
    ann_.enter("one");
    bob_.enter("one");
    carl_.enter("two");
    ann_.produce_audio();
    bob_.produce_audio();
  }

  RouterId router() { return service_->server->find_room("one")->router(); }
  static ProducerId producer(const TestClient& client) {
    return *ProducerId::parse(client.last("producer-created").at("producerId").as_string());
  }
  void tell(core::Event event, std::size_t worker = 0) {
    service_->server->handle_worker_event(worker, std::move(event));
    service_->pump();
  }
  /// What a worker hears, `ms` after the last time.
  void hear(std::vector<core::AudioLevel> levels, std::int64_t ms = 320, std::size_t worker = 0) {
    service_->now += std::chrono::milliseconds(ms);
    tell(core::AudioLevels{router(), std::move(levels)}, worker);
  }

  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"}, carl_{*service_, "carl"};
};

TEST_F(MediaEventsTest, AProducersScoreIsToldToItsOwnerAlone) {
  tell(core::ProducerScoreChanged{router(), producer(ann_), {{std::nullopt, 7}}});
  EXPECT_EQ(ann_.last("producer-score"),
            (json::object{{"producerId", producer(ann_).to_string()},
                          {"scores", json::array{{{"rid", nullptr}, {"score", 7}}}}}));
  tell(core::ProducerScoreChanged{router(), producer(ann_), {{"r0", 10}, {"r1", 0}}});
  EXPECT_EQ(ann_.last("producer-score").at("scores"),
            json::parse(R"([{"rid":"r0","score":10},{"rid":"r1","score":0}])"));
  EXPECT_EQ(ann_.count("producer-score"), 2u);
  EXPECT_EQ(bob_.count("producer-score") + carl_.count("producer-score"), 0u);
}

TEST_F(MediaEventsTest, AConsumersScoreIsToldToItsViewerAlone) {
  const std::string id(bob_.last("new-consumer").at("consumerId").as_string());
  tell(core::ConsumerScoreChanged{*ConsumerId::parse(id), 4, 9});
  EXPECT_EQ(bob_.last("consumer-score"),
            (json::object{{"consumerId", id}, {"score", 4}, {"producerScore", 9}}));
  EXPECT_EQ(ann_.count("consumer-score") + carl_.count("consumer-score"), 0u);
}

TEST_F(MediaEventsTest, ScoresOfWhatHasGoneAreToldToNobody) {
  const ProducerId before = producer(ann_);
  const std::string consumer(bob_.last("new-consumer").at("consumerId").as_string());
  ann_.emit("close-producer", json::object{{"kind", "audio"}});
  tell(core::ProducerScoreChanged{router(), before, {{std::nullopt, 7}}});
  tell(core::ProducerScoreChanged{RouterId{}, before, {{std::nullopt, 7}}});
  tell(core::ConsumerScoreChanged{*ConsumerId::parse(consumer), 4, 9});
  EXPECT_EQ(ann_.count("producer-score") + bob_.count("consumer-score"), 0u);
}

TEST_F(MediaEventsTest, LevelsAreToldToAllInTheRoomLoudestFirst) {
  hear({{producer(ann_), -50}, {producer(bob_), -20}});
  const auto told = json::parse(R"({"levels":[{"participantId":"bob","volume":-20},
                                              {"participantId":"ann","volume":-50}]})");
  EXPECT_EQ(ann_.last("audio-levels"), told);
  EXPECT_EQ(bob_.last("audio-levels"), told);
  EXPECT_EQ(carl_.count("audio-levels"), 0u);
}

TEST_F(MediaEventsTest, LevelsComeAtMostOnceInThreeHundredMilliseconds) {
  hear({{producer(ann_), -50}});
  hear({{producer(ann_), -50}}, 299);
  EXPECT_EQ(ann_.count("audio-levels"), 1u);
  hear({{producer(ann_), -50}}, 1);
  EXPECT_EQ(ann_.count("audio-levels"), 2u);
}

TEST_F(MediaEventsTest, LevelsOfSeveralWorkersAreOneEvent) {
  hear({{producer(ann_), -50}}, 320, 0);
  hear({{producer(bob_), -40}}, 100, 1);
  EXPECT_EQ(ann_.count("audio-levels"), 1u);
  hear({{producer(ann_), -50}}, 220, 0);
  EXPECT_EQ(ann_.count("audio-levels"), 2u);
  EXPECT_EQ(ann_.last("audio-levels").at("levels").as_array().size(), 2u);
}

TEST_F(MediaEventsTest, TheSpeakerIsToldOnChangeAndNullInSilence) {
  hear({{producer(ann_), -20}});
  for (int i = 0; i < 5; ++i) hear({{producer(ann_), -20}});
  EXPECT_EQ(bob_.payloads("active-speaker"),
            (std::vector<json::value>{json::object{{"participantId", "ann"}}}));
  EXPECT_EQ(ann_.count("active-speaker"), 1u);
  for (int i = 0; i < 8; ++i) hear({{producer(bob_), -20}});
  EXPECT_EQ(bob_.last("active-speaker"), (json::object{{"participantId", "bob"}}));
  for (int i = 0; i < 8; ++i) hear({});
  EXPECT_TRUE(bob_.last("active-speaker").is_null());
  EXPECT_EQ(bob_.count("active-speaker"), 3u);
  EXPECT_EQ(bob_.last("audio-levels").at("levels"), json::array());
  EXPECT_EQ(carl_.count("active-speaker"), 0u);
}

TEST_F(MediaEventsTest, ANewcomerHearsWhoSpeaksWithItsFirstTransportAfterWhoIsThere) {
  TestClient early(*service_, "early");
  early.enter("one");
  EXPECT_EQ(early.count("active-speaker"), 0u) << "nobody has spoken yet";
  hear({{producer(ann_), -20}});
  bob_.forget();
  TestClient dora(*service_, "dora");
  dora.join("one");
  EXPECT_EQ(dora.count("active-speaker"), 0u);
  dora.create_transport("one", "recv");
  EXPECT_EQ(
      dora.names(),
      "router-rtp-capabilities existing-participants active-speaker webrtc-transport-created");
  EXPECT_EQ(dora.last("active-speaker"), (json::object{{"participantId", "ann"}}));
  dora.create_transport("one", "send");
  EXPECT_EQ(dora.count("active-speaker"), 1u);
  EXPECT_EQ(bob_.count("active-speaker"), 0u);
}

TEST_F(MediaEventsTest, ANewcomerHearsOfNoSpeakerWhoHasPausedOrGoneSince) {
  hear({{producer(ann_), -20}});
  ann_.emit("pause-producer", json::object{{"kind", "audio"}});
  TestClient dora(*service_, "dora");
  dora.enter("one");
  EXPECT_EQ(dora.count("active-speaker"), 0u);
  ann_.close();
  TestClient eve(*service_, "eve");
  eve.enter("one");
  EXPECT_EQ(eve.count("active-speaker"), 0u);
}

TEST_F(MediaEventsTest, WhoResumesHearsWhoSpeaksNowOrThatNobodyDoes) {
  const auto resume = [&](TestClient& again) {
    again.emit("join-room", json::object{{"roomId", "one"}, {"resume", true}});
    return again.payloads("active-speaker");
  };
  bob_.break_off();
  TestClient in_silence(*service_, "bob");
  EXPECT_TRUE(resume(in_silence).empty()) << "nobody has ever spoken";
  in_silence.break_off();
  hear({{producer(ann_), -20}});
  TestClient while_ann_speaks(*service_, "bob");
  EXPECT_EQ(resume(while_ann_speaks),
            (std::vector<json::value>{json::object{{"participantId", "ann"}}}));
  while_ann_speaks.break_off();
  for (int i = 0; i < 8; ++i) hear({});
  TestClient afterwards(*service_, "bob");
  EXPECT_EQ(resume(afterwards), std::vector<json::value>{nullptr});
}

TEST_F(MediaEventsTest, WhoIsPausedOrHasClosedIsNotHeardAndDoesNotSpeak) {
  hear({{producer(ann_), -20}});
  ann_.emit("pause-producer", json::object{{"kind", "audio"}});
  hear({{producer(ann_), -20}});
  EXPECT_EQ(bob_.last("audio-levels").at("levels"), json::array());
  EXPECT_TRUE(bob_.last("active-speaker").is_null());
  ann_.emit("resume-producer", json::object{{"kind", "audio"}});
  hear({{producer(ann_), -20}});
  EXPECT_EQ(bob_.last("active-speaker"), (json::object{{"participantId", "ann"}}));
  const ProducerId gone = producer(ann_);
  ann_.close();
  hear({{gone, -20}});
  EXPECT_TRUE(bob_.last("active-speaker").is_null());
}

TEST_F(MediaEventsTest, WhatAnotherWorkerReportedOfOneWhoLeftMeanwhileIsForgotten) {
  hear({{producer(bob_), -60}}, 320, 0);
  hear({{producer(ann_), -20}}, 100, 1);
  ann_.close();
  hear({{producer(bob_), -60}}, 320, 0);
  EXPECT_EQ(bob_.last("audio-levels").at("levels").as_array().size(), 1u);
  EXPECT_EQ(bob_.count("active-speaker"), 0u);
}

TEST_F(MediaEventsTest, TheSoundOfASharedScreenIsNoSpeaker) {
  TestClient dora(*service_, "dora");
  dora.enter("one");
  dora.emit("create-producer", TestClient::producing("audio", ortc::kChromiumOpus, true));
  hear({{producer(dora), -5}});
  EXPECT_EQ(bob_.count("active-speaker") + bob_.count("audio-levels"), 0u);
}

TEST_F(MediaEventsTest, LevelsOfARoomThatHasGoneAreIgnored) {
  tell(core::AudioLevels{RouterId{}, {{producer(ann_), -5}}});
  EXPECT_EQ(ann_.count("audio-levels"), 0u);
}

}  // namespace
}  // namespace sfu::service

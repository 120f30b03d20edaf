#include <gmock/gmock.h>

#include <set>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

class ConsumerTest : public ServiceTest {
 protected:
  ConsumerTest() {
    bob_.enter("one");
    bob_.produce_audio();
    bob_.produce_video();
    bob_.forget();
  }
  static json::value naming(const json::value& id) { return json::object{{"consumerId", id}}; }
  /// The id of the last consumer that `viewer` was told of.
  static json::value newest(const TestClient& viewer) {
    return viewer.last("new-consumer").at("consumerId");
  }
  TestClient bob_{*service_, "bob"};
};

TEST_F(ConsumerTest, AreMadeWhenTransportAndCapabilitiesAreBothThere) {
  TestClient transport_last(*service_, "first"), capabilities_last(*service_, "second");
  transport_last.join("one");
  transport_last.create_transport("one", "send");
  transport_last.set_capabilities();
  EXPECT_EQ(transport_last.count("new-consumer"), 0u);
  EXPECT_EQ(transport_last.count("rtp-capabilities-set"), 1u);
  transport_last.create_transport("one", "recv");
  EXPECT_EQ(transport_last.count("new-consumer"), 2u);

  capabilities_last.join("one");
  capabilities_last.create_transport("one", "recv");
  EXPECT_EQ(capabilities_last.count("new-consumer"), 0u);
  capabilities_last.forget();
  capabilities_last.set_capabilities();
  EXPECT_EQ(capabilities_last.names(), "new-consumer new-consumer rtp-capabilities-set");
  EXPECT_EQ(capabilities_last.last("rtp-capabilities-set"), json::parse("{}"));
}

TEST_F(ConsumerTest, AreEmittedAlsoWhereAnAcknowledgementIsWanted) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "recv");
  ann.forget();
  const auto answer = ann.ask(
      "set-rtp-capabilities",
      json::object{{"rtpCapabilities", ortc::to_json(TestClient::receiving_capabilities())}});
  EXPECT_EQ(answer, json::parse(R"({"ok":true})"));
  EXPECT_EQ(ann.names(), "new-consumer new-consumer <ack 1>");
}

TEST_F(ConsumerTest, CapabilitiesSentAgainMakeOnlyWhatIsMissing) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "recv");
  auto audio_only = TestClient::receiving_capabilities();
  std::erase_if(audio_only.codecs,
                [](const auto& codec) { return codec.kind == ortc::MediaKind::Video; });
  ann.emit("set-rtp-capabilities", json::object{{"rtpCapabilities", ortc::to_json(audio_only)}});
  ASSERT_EQ(ann.count("new-consumer"), 1u);
  EXPECT_EQ(ann.last("new-consumer").at("kind"), "audio");
  ann.set_capabilities();
  ASSERT_EQ(ann.count("new-consumer"), 2u);
  EXPECT_EQ(ann.last("new-consumer").at("kind"), "video");
  ann.set_capabilities();
  EXPECT_EQ(ann.count("new-consumer"), 2u);
}

TEST_F(ConsumerTest, MidsCountUpAndAreNotReused) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  bob_.emit("close-producer", json::object{{"kind", "video"}});
  bob_.produce_video();
  std::string mids;
  for (const auto& consumer : ann.payloads("new-consumer"))
    mids += std::string(consumer.at("rtpParameters").at("mid").as_string()) + " ";
  EXPECT_EQ(mids, "0 1 2 ");
}

TEST_F(ConsumerTest, NoTwoShareAnSsrc) {
  std::vector<std::unique_ptr<TestClient>> viewers;
  std::set<std::uint64_t> ssrcs;
  std::size_t count = 0;
  for (int i = 0; i < 20; ++i) {
    viewers.push_back(std::make_unique<TestClient>(*service_, "viewer" + std::to_string(i)));
    viewers.back()->enter("one");
    for (const auto& consumer : viewers.back()->payloads("new-consumer")) {
      const auto& encoding = consumer.at("rtpParameters").at("encodings").at(0);
      ssrcs.insert(encoding.at("ssrc").to_number<std::uint64_t>());
      ++count;
      if (const auto* rtx = encoding.as_object().if_contains("rtx")) {
        ssrcs.insert(rtx->at("ssrc").to_number<std::uint64_t>());
        ++count;
      }
    }
  }
  EXPECT_EQ(count, 60u);  // Each viewer: audio, video, and RTX of the video.
  EXPECT_EQ(ssrcs.size(), count);
  EXPECT_EQ(service_->server->consumers().ssrcs_in_use(), count);
}

TEST_F(ConsumerTest, SimulcastIsOneEncodingOfAllLayers) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  bob_.emit("create-producer", TestClient::producing("video", ortc::kChromiumSimulcast));
  const auto encodings = ann.last("new-consumer").at("rtpParameters").at("encodings");
  ASSERT_EQ(encodings.as_array().size(), 1u);
  EXPECT_EQ(encodings.at(0).at("scalabilityMode"), "L3T3");
  EXPECT_EQ(worker().sent<core::CreateConsumer>().back().type, core::ConsumerType::Simulcast);
}

TEST_F(ConsumerTest, OneThatTheWorkerRefusesDoesNotHinderTheOthers) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "recv");
  worker().refuse_next<core::CreateConsumer>(core::CommandError::LimitReached);
  ann.set_capabilities();
  EXPECT_EQ(ann.count("new-consumer"), 1u);
  EXPECT_EQ(ann.count("rtp-capabilities-set"), 1u);
  ann.set_capabilities();
  EXPECT_EQ(ann.count("new-consumer"), 2u);
}

TEST_F(ConsumerTest, ResumingAndPausingAnswerOnceAndTwiceIsDoneAlready) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  const auto id = newest(ann);
  const json::value reply =
      json::object{{"consumerId", id}, {"participantId", "bob"}, {"kind", "video"}};
  ann.forget();
  bob_.forget();
  ann.emit("resume-consumer", naming(id));
  ann.emit("resume-consumer", naming(id));
  EXPECT_EQ(ann.names(), "consumer-resumed consumer-resumed");
  EXPECT_EQ(ann.last("consumer-resumed"), reply);
  ann.emit("pause-consumer", naming(id));
  ann.emit("pause-consumer", naming(id));
  EXPECT_EQ(ann.count("consumer-paused"), 2u);
  EXPECT_EQ(ann.last("consumer-paused"), reply);
  EXPECT_EQ(worker().count<core::ResumeConsumer>(), 1u);
  EXPECT_EQ(worker().count<core::PauseConsumer>(), 1u);
  EXPECT_EQ(bob_.names(), "");
}

TEST_F(ConsumerTest, ResumingWhatIsNotThereSaysSoTwice) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  ann.forget();
  ann.emit("resume-consumer", naming("no such id"));
  EXPECT_EQ(ann.names(), "consumer-error error");
  EXPECT_EQ(ann.last("consumer-error"),
            json::parse(R"({"consumerId":"no such id","error":"Failed to resume consumer"})"));
  EXPECT_EQ(error_of(ann.last("error")),
            "not_found|Failed to resume consumer|there is no such consumer");
  EXPECT_EQ(ann.last("error").at("event"), "resume-consumer");
  ann.forget();
  EXPECT_EQ(ann.ask("resume-consumer", naming("no such id")).at("ok"), false);
  EXPECT_EQ(ann.names(), "<ack 1>");
  ann.emit("resume-consumer", naming(7));
  EXPECT_EQ(error_of(ann.last("error")),
            "invalid_request|Failed to resume consumer|consumerId must be a text");
}

TEST_F(ConsumerTest, ConsumersOfOthersCannotBeTouched) {
  TestClient ann(*service_, "ann"), eve(*service_, "eve");
  ann.enter("one");
  eve.enter("one");
  for (const char* event : {"resume-consumer", "pause-consumer"})
    EXPECT_EQ(eve.ask(event, naming(newest(ann))).at("error").at("code"), "not_found");
  EXPECT_EQ(eve.ask("set-preferred-layers",
                    json::object{{"consumerId", newest(ann)}, {"spatialLayer", 0}})
                .at("error")
                .at("code"),
            "not_found");
}

TEST_F(ConsumerTest, ResumeAllTellsEachThatWasPaused) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  ann.emit("resume-consumer", naming(newest(ann)));
  ann.forget();
  ann.emit("resume-all-consumers");
  ASSERT_EQ(ann.names(), "consumer-resumed");
  EXPECT_EQ(ann.last("consumer-resumed").at("kind"), "audio");
  EXPECT_EQ(ann.ask("resume-all-consumers"), json::parse(R"({"consumerIds":[],"ok":true})"));
}

TEST_F(ConsumerTest, ResumeAllIsAcknowledgedWithTheIdsAndNothingElse) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  ann.forget();
  const auto answer = ann.ask("resume-all-consumers");
  EXPECT_EQ(answer.at("consumerIds").as_array().size(), 2u);
  EXPECT_EQ(ann.names(), "<ack 1>");
  EXPECT_EQ(worker().count<core::ResumeConsumer>(), 2u);
}

TEST_F(ConsumerTest, PreferredLayersAreAnsweredAsClamped) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  const auto id = newest(ann);
  EXPECT_EQ(
      ann.ask("set-preferred-layers",
              json::object{{"consumerId", id}, {"spatialLayer", 9}, {"temporalLayer", 1}}),
      (json::object{{"consumerId", id}, {"spatialLayer", 2}, {"temporalLayer", 1}, {"ok", true}}));
  ann.emit("set-preferred-layers", json::object{{"consumerId", id}, {"spatialLayer", 0}});
  EXPECT_EQ(ann.last("preferred-layers-set"),
            (json::object{{"consumerId", id}, {"spatialLayer", 0}, {"temporalLayer", 2}}));
  EXPECT_EQ(error_of(ann.ask("set-preferred-layers", json::object{{"consumerId", id}})),
            "invalid_request|Failed to set preferred layers|spatialLayer is missing");
  EXPECT_EQ(error_of(ann.ask("set-preferred-layers",
                             json::object{{"consumerId", id}, {"spatialLayer", -1}})),
            "invalid_request|Failed to set preferred layers|spatialLayer must be an integer from 0 "
            "to 255");
}

TEST_F(ConsumerTest, AChangeOfLayersReachesItsViewerOnly) {
  TestClient ann(*service_, "ann"), eve(*service_, "eve");
  ann.enter("one");
  eve.enter("one");
  const auto id = newest(ann);
  core::ConsumerLayersChanged change;
  change.consumer = *ConsumerId::parse(std::string(id.as_string()));
  change.layers = core::PreferredLayers{2, 1};
  service_->server->handle_worker_event(0, change);
  change.layers.reset();
  service_->server->handle_worker_event(0, change);
  service_->pump();
  ASSERT_EQ(ann.count("consumer-layers-changed"), 2u);
  EXPECT_EQ(ann.payloads("consumer-layers-changed")[0],
            (json::object{{"consumerId", id}, {"spatialLayer", 2}, {"temporalLayer", 1}}));
  EXPECT_EQ(
      ann.payloads("consumer-layers-changed")[1],
      (json::object{{"consumerId", id}, {"spatialLayer", nullptr}, {"temporalLayer", nullptr}}));
  EXPECT_EQ(eve.count("consumer-layers-changed"), 0u);
}

TEST_F(ConsumerTest, BadCapabilitiesAreRefusedAndTheOldOnesStay) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  EXPECT_EQ(error_of(ann.ask("set-rtp-capabilities")),
            "invalid_request|Failed to set RTP capabilities|the payload must be an object");
  EXPECT_EQ(error_of(ann.ask("set-rtp-capabilities", json::object{{"rtpCapabilities", 5}})),
            "invalid_request|Failed to set RTP capabilities|rtpCapabilities must be an object");
  EXPECT_EQ(
      error_of(
          ann.ask("set-rtp-capabilities", json::parse(R"({"rtpCapabilities":{"codecs":{}}})"))),
      "invalid_request|Failed to set RTP capabilities|rtpCapabilities.codecs must be an array of "
      "at most 64 elements");
  bob_.emit("create-producer", TestClient::producing("video", ortc::kFirefoxVp8));
  EXPECT_EQ(ann.count("new-consumer"), 3u);
}

}  // namespace
}  // namespace sfu::service

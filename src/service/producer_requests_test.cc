#include <gmock/gmock.h>

#include <ostream>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

json::value kind(const char* name) { return json::object{{"kind", name}}; }

class ProducerTest : public ServiceTest {
 protected:
  ProducerTest() {
    ann_.enter("one");
    bob_.enter("one");
    ann_.forget();
    bob_.forget();
  }
  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"};
};

TEST_F(ProducerTest, TheReplyNamesItAndViewersGetAConsumer) {
  bob_.emit("create-producer", json::object{{"kind", "video"},
                                            {"rtpParameters", json::parse(ortc::kChromiumVp8)},
                                            {"appData", json::object{{"label", "front"}}}});
  const auto id = bob_.last("producer-created").at("producerId");
  EXPECT_EQ(
      bob_.last("producer-created"),
      (json::object{
          {"producerId", id}, {"kind", "video"}, {"appData", json::object{{"label", "front"}}}}));
  EXPECT_EQ(bob_.names(), "producer-created");
  ASSERT_EQ(ann_.names(), "new-consumer");
  auto consumer = ann_.last("new-consumer").as_object();
  EXPECT_TRUE(ConsumerId::parse(std::string(consumer.at("consumerId").as_string())).has_value());
  EXPECT_EQ(consumer.at("rtpParameters").at("codecs").at(0).at("payloadType"), 101);
  consumer.erase("consumerId");
  consumer.erase("rtpParameters");
  EXPECT_EQ(consumer,
            (json::object{{"participantId", "bob"},
                          {"producerId", id},
                          {"kind", "video"},
                          {"mediaType", "video"},
                          {"producerPaused", false},
                          {"consumerPaused", true},
                          {"appData", json::object{{"label", "front"}, {"mediaType", "video"}}}}));
}

TEST_F(ProducerTest, TheWorkerGetsCompleteParametersAndTheirMapping) {
  bob_.produce_video();
  const auto created = worker().sent<core::CreateProducer>();
  ASSERT_EQ(created.size(), 1u);
  EXPECT_EQ(created[0].mapping.codecs.at(0).payload_type, 96);
  EXPECT_EQ(created[0].mapping.codecs.at(0).mapped_payload_type, 101);
  EXPECT_EQ(created[0].parameters.rtcp.cname, "q3Sg9eQxSCbWD8Zj");
  const auto consumers = worker().sent<core::CreateConsumer>();
  ASSERT_EQ(consumers.size(), 1u);
  EXPECT_TRUE(consumers[0].paused);
  EXPECT_EQ(consumers[0].type, core::ConsumerType::Simple);
}

TEST_F(ProducerTest, AllProducersOfATransportShareOneCname) {
  bob_.produce_audio();
  auto other = json::parse(ortc::kChromiumVp8);
  other.at("rtcp").as_object()["cname"] = "another";
  bob_.emit("create-producer", json::object{{"kind", "video"}, {"rtpParameters", other}});
  for (const auto& consumer : ann_.payloads("new-consumer"))
    EXPECT_EQ(consumer.at("rtpParameters").at("rtcp").at("cname"), "q3Sg9eQxSCbWD8Zj");
  EXPECT_EQ(ann_.count("new-consumer"), 2u);
}

TEST_F(ProducerTest, EncodingsAndCnameAndAppDataMayBeMissing) {
  auto parameters = json::parse(ortc::kFirefoxVp8);
  parameters.as_object().erase("encodings");
  parameters.as_object().erase("rtcp");
  EXPECT_EQ(
      bob_.ask("create-producer", json::object{{"kind", "video"}, {"rtpParameters", parameters}})
          .at("ok"),
      true);
  EXPECT_EQ(ann_.last("new-consumer").at("appData"), json::parse(R"({"mediaType":"video"})"));
  EXPECT_EQ(ann_.last("new-consumer").at("rtpParameters").at("rtcp").at("cname").as_string().size(),
            8u);
}

TEST_F(ProducerTest, ScreenAndCameraStandSideBySide) {
  bob_.produce_video();
  auto screen = TestClient::producing("video", ortc::kFirefoxVp8, true);
  screen.at("rtpParameters").as_object()["mid"] = "2";
  bob_.emit("create-producer", screen);
  EXPECT_EQ(ann_.count("consumer-closed"), 0u);
  ASSERT_EQ(ann_.count("new-consumer"), 2u);
  EXPECT_EQ(ann_.last("new-consumer").at("kind"), "video");
  EXPECT_EQ(ann_.last("new-consumer").at("mediaType"), "screen-video");
  EXPECT_EQ(ann_.last("new-consumer").at("appData"),
            json::parse(R"({"screen":true,"mediaType":"screen-video"})"));
  EXPECT_EQ(worker().producers.size(), 2u);
}

TEST_F(ProducerTest, ANewOneOfTheSameTypeReplacesTheOld) {
  TestClient deaf(*service_, "deaf");
  deaf.join("one");
  deaf.create_transport("one", "send");
  bob_.produce_video();
  const auto old = bob_.last("producer-created").at("producerId");
  ann_.forget();
  bob_.emit("create-producer", TestClient::producing("video", ortc::kFirefoxVp8));
  EXPECT_EQ(ann_.names(), "consumer-producer-closed consumer-closed producer-closed new-consumer");
  EXPECT_EQ(ann_.last("consumer-producer-closed").at("producerId"), old);
  EXPECT_EQ(ann_.last("consumer-producer-closed").at("participantId"), "bob");
  EXPECT_EQ(deaf.count("producer-closed"), 1u);
  EXPECT_EQ(deaf.last("producer-closed"),
            (json::object{{"participantId", "bob"}, {"producerId", old}}));
  EXPECT_EQ(worker().producers.size(), 1u);
  EXPECT_EQ(worker().consumers.size(), 1u);
}

TEST_F(ProducerTest, AFailedReplacementKeepsTheOld) {
  bob_.produce_video();
  ann_.forget();
  worker().refuse_next<core::CreateProducer>(core::CommandError::LimitReached);
  auto other = TestClient::producing("video", ortc::kFirefoxVp8);
  other.at("rtpParameters").as_object()["mid"] = "7";  // Another stream than the old one's.
  EXPECT_EQ(bob_.ask("create-producer", other).at("error").at("code"), "limit_reached");
  EXPECT_EQ(
      bob_.ask("create-producer", TestClient::producing("video", ortc::kChromiumOpus)).at("ok"),
      false);
  EXPECT_EQ(ann_.names(), "");
  EXPECT_EQ(worker().producers.size(), 1u);
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")).at("ok"), true);
}

TEST_F(ProducerTest, AReplacementMayReuseTheOldOnesMidAndSsrc) {
  bob_.produce_video();
  bob_.produce_video();
  EXPECT_EQ(bob_.count("producer-created"), 2u);
  EXPECT_EQ(ann_.count("consumer-closed"), 1u);
  // The old one goes first, or the worker would find its stream taken.
  std::string order;
  for (const auto& command : worker().commands) {
    if (std::holds_alternative<core::CreateProducer>(command)) order += "create ";
    if (std::holds_alternative<core::CloseProducer>(command)) order += "close ";
  }
  EXPECT_EQ(order, "create close create ");
}

TEST_F(ProducerTest, AReplacementOfMoreEncodingsThanThereMayBeKeepsTheOld) {
  bob_.produce_video();
  ann_.forget();
  const auto before = worker().producers;
  json::value wanted = TestClient::producing("video", ortc::kChromiumSimulcast);
  auto& encodings = wanted.at("rtpParameters").at("encodings").as_array();
  while (encodings.size() <= ortc::kMaxEncodings)
    encodings.push_back(json::object{{"rid", "r" + std::to_string(encodings.size())}});
  const auto answer = bob_.ask("create-producer", wanted);
  EXPECT_EQ(error_of(answer),
            "invalid_request|Failed to create producer|rtpParameters.encodings must be an array "
            "of at most 4 elements");
  EXPECT_EQ(worker().producers, before);
  EXPECT_EQ(ann_.names(), "");
}

TEST_F(ProducerTest, AStreamOfAnotherOwnProducerIsTaken) {
  bob_.produce_video();
  EXPECT_EQ(
      error_of(
          bob_.ask("create-producer", TestClient::producing("video", ortc::kChromiumVp8, true))),
      "ssrc_taken|Failed to create producer|another producer of yours has this mid, rid or ssrc");
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")).at("ok"), true);
}

TEST_F(ProducerTest, OfDataIsRefusedAsUnsupportedWithTheTextThatItHas) {
  const json::value data = json::parse(R"({"sctpStreamParameters":{"streamId":0,"ordered":true},
    "label":"chat","protocol":"","appData":{}})");
  EXPECT_EQ(error_of(ann_.ask("produce-data", data)),
            "unsupported|Failed to create data producer|this server has no data channels");
  ann_.emit("produce-data", data);
  EXPECT_EQ(ann_.last("error").at("event"), "produce-data");
}

TEST_F(ProducerTest, NeedsASendTransport) {
  TestClient eve(*service_, "eve");
  eve.join("one");
  eve.create_transport("one", "recv");
  eve.produce_video();
  EXPECT_EQ(error_of(eve.last("error")),
            "no_transport|Failed to create producer|there is no send transport");
}

TEST_F(ProducerTest, PausingIsToldOnceAndTwiceIsDoneAlready) {
  bob_.produce_video();
  const auto consumer = ann_.last("new-consumer").at("consumerId");
  ann_.forget();
  bob_.forget();
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(ann_.names(), "consumer-producer-paused producer-state-changed");
  EXPECT_EQ(ann_.last("consumer-producer-paused"),
            (json::object{{"consumerId", consumer}, {"participantId", "bob"}}));
  EXPECT_EQ(ann_.last("producer-state-changed"),
            json::parse(R"({"participantId":"bob","kind":"video","event":"paused","data":true})"));
  ann_.forget();
  EXPECT_EQ(bob_.ask("resume-producer", kind("video")).at("ok"), true);
  EXPECT_EQ(bob_.ask("resume-producer", kind("video")).at("ok"), true);
  EXPECT_EQ(ann_.names(), "consumer-producer-resumed producer-state-changed");
  EXPECT_EQ(ann_.last("producer-state-changed").at("data"), false);
  EXPECT_EQ(worker().count<core::PauseProducer>(), 1u);
  EXPECT_EQ(worker().count<core::ResumeProducer>(), 1u);
}

TEST_F(ProducerTest, PausingAScreenNamesItFourWay) {
  bob_.emit("create-producer", TestClient::producing("video", ortc::kChromiumVp8, true));
  bob_.emit("pause-producer", kind("screen-video"));
  EXPECT_EQ(ann_.last("producer-state-changed").at("kind"), "screen-video");
  EXPECT_EQ(bob_.count("error"), 0u);
  bob_.emit("pause-producer", kind("video"));
  EXPECT_EQ(error_of(bob_.last("error")),
            "not_found|Failed to pause producer|there is no producer of this kind");
}

TEST_F(ProducerTest, ALateViewerSeesThatAProducerIsPaused) {
  bob_.produce_video();
  bob_.emit("pause-producer", kind("video"));
  TestClient late(*service_, "late");
  late.enter("one");
  EXPECT_EQ(late.last("new-consumer").at("producerPaused"), true);
}

TEST_F(ProducerTest, AFailedPauseChangesNothing) {
  bob_.produce_video();
  ann_.forget();
  worker().refuse_next<core::PauseProducer>(core::CommandError::LimitReached);
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")).at("ok"), false);
  EXPECT_EQ(ann_.names(), "");
  EXPECT_EQ(bob_.ask("pause-producer", kind("video")).at("ok"), true);
  EXPECT_EQ(ann_.count("producer-state-changed"), 1u);
}

TEST_F(ProducerTest, ClosingIsToldOnceAndWhatIsNotThereIsClosedAlready) {
  TestClient deaf(*service_, "deaf");
  deaf.join("one");
  bob_.produce_video();
  ann_.forget();
  EXPECT_EQ(bob_.ask("close-producer", kind("video")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(bob_.ask("close-producer", kind("video")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(bob_.ask("close-producer", kind("screen-audio")), json::parse(R"({"ok":true})"));
  EXPECT_EQ(ann_.names(), "consumer-producer-closed consumer-closed producer-closed");
  EXPECT_EQ(deaf.count("producer-closed"), 1u);
  EXPECT_EQ(bob_.count("producer-closed"), 0u);
  EXPECT_TRUE(worker().producers.empty());
}

struct Refusal {
  const char* name;
  const char* event;
  std::string payload;
  const char* code;
  const char* detail;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

std::string producing(const std::string& fields) {
  return "{\"rtpParameters\":" + std::string(ortc::kChromiumVp8) + "," + fields + "}";
}
std::string producing_h265() {
  std::string text = producing("\"kind\":\"video\"");
  return text.replace(text.find("video/VP8"), 9, "video/H265");
}

const Refusal kRefusals[] = {
    {"no_payload", "create-producer", "null", "invalid_request", "the payload must be an object"},
    {"no_kind", "create-producer", producing(R"("appData":{})"), "invalid_request",
     "kind is missing"},
    {"kind_four_way", "create-producer", producing(R"("kind":"screen-video")"), "invalid_request",
     "kind must be audio or video"},
    {"no_parameters", "create-producer", R"({"kind":"video"})", "invalid_request",
     "rtpParameters is missing"},
    {"app_data_text", "create-producer", producing(R"("kind":"video","appData":"x")"),
     "invalid_request", "appData must be an object"},
    {"app_data_big", "create-producer",
     producing(R"("kind":"video","appData":{"x":")" + std::string(17000, 'x') + "\"}"),
     "invalid_request", "appData must be at most 16384 bytes of JSON"},
    {"field_of_parameters", "create-producer",
     R"({"kind":"video","rtpParameters":{"codecs":[{}]}})", "invalid_request",
     "rtpParameters.codecs[0].mimeType is missing"},
    {"kind_and_codec_differ", "create-producer", producing(R"("kind":"audio")"), "invalid_request",
     "rtpParameters.codecs[0].mimeType is video/VP8, but kind is audio"},
    {"codec_unknown", "create-producer", producing_h265(), "unsupported",
     "video/H265 (payload type 96) with these parameters is no codec of the router"},
    {"pause_nothing", "pause-producer", "null", "invalid_request", "the payload must be an object"},
    {"pause_number", "pause-producer", R"({"kind":5})", "invalid_request",
     "kind must be audio, video, screen-video or screen-audio"},
    {"resume_absent", "resume-producer", R"({"kind":"audio"})", "not_found",
     "there is no producer of this kind"},
    {"close_unknown_kind", "close-producer", R"({"kind":"smell"})", "invalid_request",
     "kind must be audio, video, screen-video or screen-audio"},
};

class RefusedProducing : public ProducerTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedProducing, SaysWhatIsWrongAndChangesNothing) {
  const auto before = worker().commands.size();
  const auto answer = bob_.ask(GetParam().event, json::parse(GetParam().payload));
  ASSERT_EQ(answer.at("ok"), false);
  EXPECT_EQ(answer.at("error").at("code"), GetParam().code);
  EXPECT_EQ(answer.at("error").at("detail"), GetParam().detail);
  EXPECT_EQ(worker().commands.size(), before);
  EXPECT_EQ(ann_.names(), "");
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedProducing, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sfu::service

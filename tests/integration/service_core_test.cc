#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "service/service_for_test.h"

// The service above a real worker core: what ortc makes of browsers' parameters is what the core
// takes, and what one closes is gone in the other.

namespace sfu::service {
namespace {

/// A worker without its thread: commands wait until they are delivered.
class CorePort final : public worker::WorkerPort {
 public:
  CorePort() : core_(config(certificate_), random_) {}

  void post(core::RequestId request, core::Command command) override {
    waiting_.emplace_back(request, std::move(command));
  }

  bool deliver(Timestamp now, MediasoupServer& server) {
    if (waiting_.empty()) return false;
    while (!waiting_.empty()) {
      auto [request, command] = std::move(waiting_.front());
      waiting_.pop_front();
      core_.handle_command(now, request, std::move(command));
    }
    CollectingSink sink;
    core_.flush(now, sink);
    while (auto event = core_.poll_event()) server.handle_worker_event(0, std::move(*event));
    return true;
  }

 private:
  static core::WorkerCore::Config config(const crypto::Certificate& certificate) {
    core::WorkerCore::Config config;
    config.candidates = {{IpAddress::v4(0xc0000207), 40000}};
    config.certificate = &certificate;
    return config;
  }

  const crypto::Certificate certificate_ = crypto::Certificate::generate();
  crypto::SeededRandom random_{7};
  core::WorkerCore core_;
  std::deque<std::pair<core::RequestId, core::Command>> waiting_;
};

class ServiceCoreTest : public testing::Test {
 protected:
  ServiceCoreTest() : service_({&port_}) {
    service_.deliver.push_back([this] { return port_.deliver(service_.now, *service_.server); });
  }

  /// One figure of the only worker's statistics.
  std::int64_t worker_figure(const char* name) {
    const auto response = service_.get(&MediasoupServer::handle_stats, HttpRequest{});
    return json::parse(response.body).at("workerStats").at(0).at(name).to_number<std::int64_t>();
  }
  void expect_worker_holds(int transports, int producers, int consumers) {
    EXPECT_EQ(worker_figure("transports"), transports);
    EXPECT_EQ(worker_figure("producers"), producers);
    EXPECT_EQ(worker_figure("consumers"), consumers);
  }

  CorePort port_;
  TestService service_;
};

json::value with_codec(const char* mime_type, const char* codec_parameters,
                       const char* scalability_mode = nullptr) {
  json::value producing = TestClient::producing("video", ortc::kChromiumVp8);
  json::object& codec = producing.at("rtpParameters").at("codecs").at(0).as_object();
  codec["mimeType"] = mime_type;
  codec["parameters"] = json::parse(codec_parameters);
  if (scalability_mode)
    producing.at("rtpParameters").at("encodings").at(0).as_object()["scalabilityMode"] =
        scalability_mode;
  return producing;
}

TEST_F(ServiceCoreTest, TheCoreTakesEveryCodecThatOrtcLetsThrough) {
  TestClient ann(service_, "ann"), bob(service_, "bob");
  ann.enter("one");
  bob.enter("one");
  const json::value offers[] = {
      with_codec("video/VP8", "{}"),
      with_codec("video/VP9", R"({"profile-id":0})"),
      with_codec("video/VP9", R"({"profile-id":2})"),
      with_codec("video/VP9", R"({"profile-id":0})", "L3T3_KEY"),
      with_codec("video/H264", R"({"packetization-mode":1,"profile-level-id":"42e01f"})"),
      with_codec("video/H264", R"({"packetization-mode":1,"profile-level-id":"4d001f"})"),
      with_codec("video/AV1", R"({"level-idx":5,"profile":0,"tier":0})"),
      with_codec("video/AV1", "{}", "L2T1"),
      TestClient::producing("video", ortc::kChromiumSimulcast),
      TestClient::producing("video", ortc::kFirefoxVp8),
      TestClient::producing("audio", ortc::kChromiumOpus),
      TestClient::producing("audio", ortc::kFirefoxOpus),
  };
  for (const auto& offer : offers) {
    ann.forget();
    // Chromium's and Firefox's audio and video name other streams, so each stands alone.
    bob.emit("close-producer", json::object{{"kind", "audio"}});
    bob.emit("close-producer", json::object{{"kind", "video"}});
    const auto answer = bob.ask("create-producer", offer);
    ASSERT_EQ(answer.at("ok"), true) << answer << offer;
    ASSERT_EQ(ann.count("new-consumer"), 1u) << offer;
    const json::value id = json::object{{"consumerId", ann.last("new-consumer").at("consumerId")}};
    EXPECT_EQ(ann.ask("resume-consumer", id).at("ok"), true) << offer;
    EXPECT_EQ(ann.ask("pause-consumer", id).at("ok"), true) << offer;
    EXPECT_EQ(bob.ask("pause-producer", json::object{{"kind", offer.at("kind")}}).at("ok"), true);
    expect_worker_holds(4, 1, 1);
  }
}

TEST_F(ServiceCoreTest, TheTransportsReplyIsOneThatAClientCanUse) {
  TestClient ann(service_, "ann");
  ann.join("one");
  const auto created =
      ann.ask("create-webrtc-transport", json::object{{"roomId", "one"}, {"direction", "send"}});
  EXPECT_GE(created.at("iceParameters").at("usernameFragment").as_string().size(), 4u);
  EXPECT_GE(created.at("iceParameters").at("password").as_string().size(), 22u);
  EXPECT_EQ(created.at("iceCandidates").at(0).at("ip"), "192.0.2.7");
  EXPECT_EQ(created.at("iceCandidates").at(0).at("port"), 40000);
  const auto& fingerprints = created.at("dtlsParameters").at("fingerprints").as_array();
  ASSERT_FALSE(fingerprints.empty());
  EXPECT_EQ(fingerprints.back().at("algorithm"), "sha-256");
  EXPECT_EQ(fingerprints.back().at("value").as_string().size(), 95u);
  const json::value connecting =
      json::object{{"direction", "send"}, {"dtlsParameters", created.at("dtlsParameters")}};
  EXPECT_EQ(ann.ask("connect-webrtc-transport", connecting).at("ok"), true);
  EXPECT_EQ(ann.ask("connect-webrtc-transport", connecting).at("error").at("code"),
            "already_connected");
}

TEST_F(ServiceCoreTest, AReplacementOfTheSameStreamIsTaken) {
  TestClient ann(service_, "ann"), bob(service_, "bob");
  ann.enter("one");
  bob.enter("one");
  for (int i = 0; i < 3; ++i) {
    bob.produce_video();
    bob.produce_audio();
  }
  EXPECT_EQ(bob.count("producer-created"), 6u);
  EXPECT_EQ(bob.count("error"), 0u);
  EXPECT_EQ(ann.count("new-consumer"), 6u);
  EXPECT_EQ(ann.count("consumer-closed"), 4u);
  expect_worker_holds(4, 2, 2);
}

TEST_F(ServiceCoreTest, SimulcastLayersAreClampedToWhatTheSenderHas) {
  TestClient ann(service_, "ann"), bob(service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.emit("create-producer", TestClient::producing("video", ortc::kChromiumSimulcast));
  const auto id = ann.last("new-consumer").at("consumerId");
  const auto answer =
      ann.ask("set-preferred-layers",
              json::object{{"consumerId", id}, {"spatialLayer", 200}, {"temporalLayer", 200}});
  EXPECT_EQ(answer.at("spatialLayer"), 2);
  EXPECT_EQ(ann.ask("set-preferred-layers", json::object{{"consumerId", id}, {"spatialLayer", 0}})
                .at("spatialLayer"),
            0);
}

TEST_F(ServiceCoreTest, ParticipantStatsNameWhatIsThere) {
  TestClient ann(service_, "ann"), bob(service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.produce_video();
  const auto of_bob = bob.ask("get-participant-stats");
  EXPECT_EQ(of_bob.at("transports").at("details").at(0).at("stats").at(0).at("iceState"), "new");
  EXPECT_EQ(of_bob.at("producers").at("video").at("paused"), false);
  const auto of_ann = ann.ask("get-participant-stats");
  EXPECT_EQ(of_ann.at("consumers").at("details").at(0).at("stats").at(0).at("type"),
            "outbound-rtp");
}

TEST_F(ServiceCoreTest, NothingIsLeftInTheCoreWhenAllHaveGone) {
  {
    std::vector<std::unique_ptr<TestClient>> people;
    for (int i = 0; i < 10; ++i) {
      people.push_back(std::make_unique<TestClient>(service_, "p" + std::to_string(i)));
      people.back()->enter(i % 2 ? "odd" : "even");
      people.back()->produce_audio();
      people.back()->produce_video();
      people.back()->emit("resume-all-consumers");
    }
    for (auto& person : people) person->create_transport("odd", "recv");
    expect_worker_holds(20, 20, 80);
    for (auto& person : people) person->close();
  }
  expect_worker_holds(0, 0, 0);
  EXPECT_EQ(worker_figure("routers"), 0);
}

}  // namespace
}  // namespace sfu::service

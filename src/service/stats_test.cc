#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

using testing::HasSubstr;

class StatsTest : public ServiceTest {
 protected:
  static Options with_admin() {
    Options options;
    options.admin_token = "the administrator's token";
    return options;
  }
  StatsTest() : ServiceTest(1, with_admin()) {
    ann_.enter("one");
    bob_.enter("one");
    bob_.produce_video();
    bob_.emit("create-producer", TestClient::producing("audio", ortc::kChromiumOpus, true));
    ann_.emit("resume-consumer",
              json::object{{"consumerId", ann_.last("new-consumer").at("consumerId")}});
  }

  static HttpRequest from(IpAddress ip, HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = "GET";
    request.headers = std::move(headers);
    request.remote = {ip, 5000};
    return request;
  }
  json::value stats(const HttpRequest& request) {
    const auto response = service_->get(&MediasoupServer::handle_stats, request);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/json; charset=utf-8");
    return json::parse(response.body);
  }

  const IpAddress elsewhere_ = IpAddress::v4(0xc0000201);
  const IpAddress loopback_ = IpAddress::v4(0x7f000001);
  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"};
};

TEST_F(StatsTest, CountsAreOpenToAnyone) {
  const auto all = stats(from(elsewhere_));
  EXPECT_EQ(all.at("workers"), 1);
  EXPECT_EQ(all.at("rooms"), 1);
  EXPECT_EQ(all.at("totalParticipants"), 2);
  EXPECT_EQ(all.at("totalProducers"), 2);
  EXPECT_EQ(all.at("totalConsumers"), 2);
  const auto& room = all.at("roomStats").at(0);
  EXPECT_EQ(room.at("roomId"), "one");
  EXPECT_EQ(room.at("participantCount"), 2);
  EXPECT_EQ(room.at("totalProducers"), 2);
  EXPECT_EQ(room.at("totalConsumers"), 2);
  const auto& worker_stats = all.at("workerStats").at(0);
  EXPECT_EQ(worker_stats.at("index"), 0);
  EXPECT_EQ(worker_stats.at("routers"), 1);
  EXPECT_EQ(worker_stats.at("transports"), 4);
  EXPECT_EQ(worker_stats.at("packetsReceived"), 7);
  EXPECT_EQ(worker_stats.at("resourceUsage").at("ru_utime"), 5);
}

TEST_F(StatsTest, PeerToPeerRoomsAreCountedBesideTheMeetings) {
  EXPECT_EQ(stats(from(elsewhere_)).at("peerToPeerRooms"), 0);
  for (TestClient* client : {&ann_, &bob_})
    client->emit("ready", json::object{{"roomId", "peers"}, {"mediaState", json::object{}}});
  TestClient eve(*service_, "eve");
  eve.emit("ready", json::object{{"roomId", "others"}, {"mediaState", json::object{}}});
  const auto all = stats(from(loopback_));
  EXPECT_EQ(all.at("peerToPeerRooms"), 2);
  EXPECT_EQ(all.at("peerToPeerParticipants"), 3);
  EXPECT_EQ(all.at("rooms"), 1);
  EXPECT_EQ(all.at("totalParticipants"), 2);
  const auto text = service_->get(&MediasoupServer::handle_metrics, from(loopback_)).body;
  EXPECT_THAT(text, HasSubstr("\nmeetlite_sfu_peer_to_peer_rooms 2\n"));
  EXPECT_THAT(text, HasSubstr("\nmeetlite_sfu_peer_to_peer_participants 3\n"));
  EXPECT_THAT(text, HasSubstr("\nmeetlite_sfu_rooms 1\n"));
}

TEST_F(StatsTest, PeopleAreShownToTheAdministratorAndOnLoopbackOnly) {
  const auto is_shown = [&](const HttpRequest& request) {
    const std::string text = json::serialize(stats(request));
    const bool shown = text.find("ann@example.org") != std::string::npos;
    EXPECT_EQ(text.find("\"ann\"") != std::string::npos, shown);
    EXPECT_EQ(text.find("screenAudio") != std::string::npos, shown);
    return shown;
  };
  EXPECT_FALSE(is_shown(from(elsewhere_)));
  EXPECT_TRUE(is_shown(from(loopback_)));
  EXPECT_TRUE(is_shown(from(elsewhere_, {{"Authorization", "Bearer the administrator's token"}})));
  EXPECT_TRUE(is_shown(from(elsewhere_, {{"authorization", "bearer the administrator's token"}})));
  EXPECT_FALSE(is_shown(from(elsewhere_, {{"Authorization", "Bearer the administrator's toke"}})));
  EXPECT_FALSE(is_shown(from(elsewhere_, {{"Authorization", "Bearer "}})));
  EXPECT_FALSE(is_shown(from(elsewhere_, {{"Authorization", "the administrator's token"}})));
  for (const char* host : {"localhost", "LOCALHOST:3003", "127.0.0.1:3003", "[::1]:3003", "[::1]"})
    EXPECT_TRUE(is_shown(from(loopback_, {{"Host", host}}))) << host;
  // A proxy on this machine speaks for people anywhere, and says so, or calls us as they did.
  for (const char* header :
       {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"})
    EXPECT_FALSE(is_shown(from(loopback_, {{header, "127.0.0.1"}}))) << header;
  for (const char* host : {"meet.example.org", "meet.example.org:443", "localhost.example.org",
                           "127.0.0.1.example.org", "192.0.2.7:3003", "[2001:db8::1]:3003", ""})
    EXPECT_FALSE(is_shown(from(loopback_, {{"Host", host}}))) << host;
}

TEST_F(StatsTest, AFloodOfStrangersQuestionsReachesTheWorkersTwentyTimesASecond) {
  const auto asked = [this] { return worker().count<core::GetWorkerStats>(); };
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(stats(from(elsewhere_)).at("totalProducers"), 2);
    service_->get(&MediasoupServer::handle_metrics, from(elsewhere_));
  }
  const auto at_once = asked();
  EXPECT_LE(at_once, 2 * 200u);
  service_->now += std::chrono::seconds(1);
  for (int i = 0; i < 1000; ++i) stats(from(elsewhere_));
  EXPECT_EQ(asked() - at_once, 20u);
}

TEST_F(StatsTest, AStrangersQuestionIsAnsweredAnewOnceItIsTimeAndAnAdministratorsAlways) {
  for (int i = 0; i < 1000; ++i) stats(from(elsewhere_));
  bob_.emit("close-producer", json::object{{"kind", "video"}});
  EXPECT_EQ(stats(from(loopback_)).at("totalProducers"), 1);
  EXPECT_EQ(stats(from(elsewhere_)).at("totalProducers"), 2);
  service_->now += std::chrono::milliseconds(50);
  EXPECT_EQ(stats(from(elsewhere_)).at("totalProducers"), 1);
}

TEST_F(StatsTest, AParticipantHasTheShapeOfTheContract) {
  const auto participants = stats(from(loopback_)).at("roomStats").at(0).at("participants");
  EXPECT_EQ(participants.at(0), json::parse(R"({"id":"ann",
    "userInfo":{"email":"ann@example.org","userId":"ann"},"rtpCapabilities":true,"producers":{},
    "consumers":{"totalConsumers":2,"activeConsumers":1,"pausedConsumers":1},
    "transports":{"send":true,"recv":true,"legacy":false}})"));
  const auto& producers = participants.at(1).at("producers");
  EXPECT_EQ(producers.at("video"),
            (json::object{{"id", bob_.payloads("producer-created")[0].at("producerId")},
                          {"paused", false}}));
  EXPECT_TRUE(producers.as_object().contains("screenAudio"));
}

TEST_F(StatsTest, ParticipantStatsCarryTheCountersOfBothTransports) {
  const auto of_bob = bob_.ask("get-participant-stats");
  EXPECT_EQ(of_bob.at("ok"), true);
  EXPECT_EQ(of_bob.at("id"), "bob");
  const auto& video = of_bob.at("producers").at("video");
  EXPECT_EQ(video.at("paused"), false);
  EXPECT_EQ(video.at("stats").at(0).at("type"), "inbound-rtp");
  EXPECT_EQ(video.at("stats").at(0).at("packetCount"), 100);
  EXPECT_EQ(video.at("stats").at(0).at("ssrc"), 42);
  const auto& transports = of_bob.at("transports").at("details");
  EXPECT_EQ(transports.as_array().size(), 2u);
  EXPECT_EQ(transports.at(0).at("direction"), "send");
  EXPECT_EQ(transports.at(0).at("stats").at(0).at("iceSelectedTuple"),
            json::parse(R"({"localIp":"192.0.2.7","localAddress":"192.0.2.7","localPort":40000,
              "remoteIp":"2001:db8::1","remoteAddress":"2001:db8::1","remotePort":5000,"protocol":"udp"})"));

  ann_.emit("get-participant-stats");
  const auto of_ann = ann_.last("participant-stats");
  const auto& details = of_ann.at("consumers").at("details");
  ASSERT_EQ(details.as_array().size(), 2u);
  for (const auto& detail : details.as_array()) {
    EXPECT_EQ(detail.at("stats").as_array().size(), 2u);
    EXPECT_EQ(detail.at("stats").at(0).at("type"), "outbound-rtp");
    EXPECT_EQ(detail.at("stats").at(0).at("priority"), 1);
    EXPECT_EQ(detail.at("stats").at(1).at("type"), "inbound-rtp") << "what it is made of";
    EXPECT_TRUE(detail.as_object().contains("producerId"));
  }
  EXPECT_EQ(of_ann.at("consumers").at("pausedConsumers"), 1);
}

TEST_F(StatsTest, ParticipantStatsDoNotHangOnATransportThatHasGone) {
  worker().refuse_next<core::GetTransportStats>(core::CommandError::NotFound);
  const auto of_bob = bob_.ask("get-participant-stats");
  EXPECT_EQ(of_bob.at("ok"), true);
  EXPECT_EQ(of_bob.at("producers").at("video").at("stats"), json::array());
}

TEST_F(StatsTest, HealthHasTheShapeOfTheContract) {
  service_->now += std::chrono::milliseconds(1500);
  const auto response = service_->get(&MediasoupServer::handle_health, from(elsewhere_));
  EXPECT_EQ(response.status, 200);
  const auto health = json::parse(response.body);
  EXPECT_EQ(health.at("status"), "OK");
  EXPECT_EQ(health.at("service"), "mediasoup-service");
  EXPECT_EQ(health.at("timestamp"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(health.at("uptime"), 1.5);
  for (const char* field : {"rss", "heapTotal", "heapUsed", "external"})
    EXPECT_TRUE(health.at("memory").at(field).is_number()) << field;
  EXPECT_GT(health.at("memory").at("rss").to_number<double>(), 1e6);
}

TEST_F(StatsTest, HealthSaysWhenItDrains) {
  service_->server->drain(std::chrono::seconds(20), [] {});
  const auto response = service_->get(&MediasoupServer::handle_health, from(elsewhere_));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body).at("status"), "DRAINING");
}

TEST_F(StatsTest, AStuckWorkerMakesTheServerDegradedAndStatsStillAnswer) {
  const auto status = [&] {
    const auto response = service_->get(&MediasoupServer::handle_health, from(elsewhere_));
    return std::to_string(response.status) + " " +
           std::string(json::parse(response.body).at("status").as_string());
  };
  worker().holding = true;
  EXPECT_EQ(status(), "200 OK");
  service_->now += std::chrono::seconds(5);
  EXPECT_EQ(status(), "200 OK");
  service_->now += std::chrono::microseconds(1);
  EXPECT_EQ(status(), "503 DEGRADED");
  EXPECT_EQ(stats(from(elsewhere_)).at("workerStats").at(0).at("responding"), false);
  release();
  EXPECT_EQ(status(), "200 OK");
}

}  // namespace
}  // namespace sfu::service

#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

using worker::Pulse;
using worker::Stage;

/// Two workers, of which the first turns all the time.
class WorkerHealthTest : public ServiceTest {
 protected:
  WorkerHealthTest() : ServiceTest(2) {
    workers_[0].beat = workers_[1].beat = Pulse{1, Stage::Waiting, 0};
  }

  void pass(std::chrono::milliseconds time) {
    for (TimeDelta passed{}; passed < time; passed += WorkerWatch::kInterval) {
      service_->now += WorkerWatch::kInterval;
      ++workers_[0].beat->turns;
      all_turn_ = service_->server->check_workers();
      service_->pump();
    }
  }
  json::value health(int expected_status) {
    const auto response = service_->get(&MediasoupServer::handle_health, HttpRequest{});
    EXPECT_EQ(response.status, expected_status);
    return json::parse(response.body);
  }
  json::value stats() {
    return json::parse(service_->get(&MediasoupServer::handle_stats, HttpRequest{}).body);
  }

  bool all_turn_ = true;
};

TEST_F(WorkerHealthTest, AWorkerThatDoesNotTurnIsNamedWithWhatItDoes) {
  workers_[1].beat = Pulse{9, Stage::Datagrams, 0};
  pass(std::chrono::milliseconds(2000));
  EXPECT_TRUE(all_turn_);
  EXPECT_EQ(health(200).at("status"), "OK");
  pass(std::chrono::milliseconds(250));
  EXPECT_FALSE(all_turn_);
  const auto degraded = health(503);
  EXPECT_EQ(degraded.at("status"), "DEGRADED");
  EXPECT_EQ(degraded.at("service"), "mediasoup-service");
  EXPECT_EQ(degraded.at("stuckWorkers"),
            json::parse(R"([{"index":1,"doing":"handles datagrams","forMs":2000}])"));
}

TEST_F(WorkerHealthTest, AWorkerThatTurnsAgainIsWell) {
  pass(std::chrono::seconds(3));
  EXPECT_EQ(health(503).at("status"), "DEGRADED");
  ++workers_[1].beat->turns;
  pass(std::chrono::milliseconds(250));
  EXPECT_TRUE(all_turn_);
  EXPECT_EQ(health(200).at("status"), "OK");
}

TEST_F(WorkerHealthTest, StatisticsDoNotWaitForAStuckWorkerAndShowIt) {
  workers_[1].holding = true;
  std::optional<HttpResponse> answer;
  service_->server->handle_stats(HttpRequest{},
                                 [&](HttpResponse response) { answer = std::move(response); });
  pass(std::chrono::milliseconds(2000));
  EXPECT_FALSE(answer);
  pass(std::chrono::milliseconds(250));
  ASSERT_TRUE(answer) << "asked before it was known to be stuck";
  for (const auto& shown : {json::parse(answer->body), stats()}) {
    const auto& workers = shown.at("workerStats").as_array();
    EXPECT_EQ(workers.at(0).at("stuck"), false);
    EXPECT_EQ(workers.at(0).at("responding"), true);
    EXPECT_FALSE(workers.at(0).as_object().contains("doing"));
    EXPECT_EQ(workers.at(1).at("stuck"), true);
    EXPECT_EQ(workers.at(1).at("responding"), false);
    EXPECT_EQ(workers.at(1).at("doing"), "waits for the kernel to wake it");
  }
  ++workers_[1].beat->turns;
  workers_[1].holding = false;
  pass(std::chrono::milliseconds(250));
  EXPECT_EQ(stats().at("workerStats").at(1).at("responding"), true);
}

TEST_F(WorkerHealthTest, NewcomersGoToTheWorkerThatTurns) {
  pass(std::chrono::seconds(3));
  for (int i = 0; i < 4; ++i) {
    TestClient client(*service_, "user");
    client.enter("room " + std::to_string(i));
    EXPECT_EQ(workers_[1].transports.size(), 0u);
    EXPECT_EQ(workers_[0].transports.size(), 2u);
    client.close();
  }
}

TEST_F(WorkerHealthTest, OneThatTurnsAndDoesNotAnswerIsStuckAsWell) {
  workers_[1].holding = true;
  health(200);
  for (int second = 0; second < 6; ++second) {
    ++workers_[1].beat->turns;
    pass(std::chrono::seconds(1));
  }
  const auto degraded = health(503);
  EXPECT_EQ(degraded.at("stuckWorkers").at(0).at("doing"), "leaves commands unanswered");
}

}  // namespace
}  // namespace sfu::service

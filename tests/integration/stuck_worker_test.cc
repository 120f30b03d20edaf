// A real media thread that is made to stand still, as the service sees it.

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "service/service_for_test.h"
#include "worker/worker_thread.h"

namespace sfu::service {
namespace {

/// Holds up whoever passes while it is shut.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    waits_ = !open_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    waits_ = false;
  }
  void shut() { set(false); }
  void open() { set(true); }
  void await_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waits_; });
  }

 private:
  void set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool waits_ = false;
};

class StuckWorker : public testing::Test {
 protected:
  StuckWorker() {
    auto socket = io::UdpSocket::bind({*IpAddress::parse("127.0.0.1"), 0});
    worker::WorkerThread::Config config;
    config.core.candidates = {socket->local()};
    config.core.certificate = &certificate_;
    std::vector<io::UdpSocket> sockets;
    sockets.push_back(std::move(*socket));
    worker_ = std::make_unique<worker::WorkerThread>(
        std::move(config), std::move(sockets), std::make_unique<crypto::SystemRandom>(),
        [this](const std::vector<core::Event>& events) {
          gate_.pass();
          answered_ += events.size();
        });
    service_ = std::make_unique<TestService>(std::vector<worker::WorkerPort*>{worker_.get()});
  }
  ~StuckWorker() override { gate_.open(); }

  /// As long as the service's clock says; the worker's own goes on meanwhile as it does.
  void pass(TimeDelta time) {
    for (TimeDelta passed{}; passed < time; passed += WorkerWatch::kInterval) {
      service_->now += WorkerWatch::kInterval;
      service_->server->check_workers();
    }
  }
  json::value health() {
    return json::parse(service_->get(&MediasoupServer::handle_health, HttpRequest{}).body);
  }

  Gate gate_;
  std::atomic<std::uint64_t> answered_ = 0;
  const crypto::Certificate certificate_ = crypto::Certificate::generate();
  std::unique_ptr<worker::WorkerThread> worker_;
  std::unique_ptr<TestService> service_;
};

TEST_F(StuckWorker, IsSeenWithWhatItDoesAndIsWellAgainOnceItTurns) {
  gate_.shut();
  worker_->post({1}, core::GetWorkerStats{});
  gate_.await_somebody();
  pass(std::chrono::milliseconds(2250));
  EXPECT_EQ(health().at("status"), "DEGRADED");
  EXPECT_EQ(health().at("stuckWorkers").at(0).at("doing"), "hands events to the service");

  const auto turns = worker_->pulse()->turns;
  gate_.open();
  while (worker_->pulse()->turns == turns) std::this_thread::yield();
  pass(WorkerWatch::kInterval);
  EXPECT_EQ(health().at("status"), "OK");
}

TEST_F(StuckWorker, LooksForPacketsBetweenTheCommandsThatPiledUpMeanwhile) {
  constexpr std::uint64_t kTurns = 50;
  constexpr std::uint64_t kPiledUp = kTurns * worker::WorkerThread::kMostCommandsInTurn;
  gate_.shut();
  worker_->post({1}, core::GetWorkerStats{});
  gate_.await_somebody();
  const auto before = worker_->pulse()->turns;
  for (std::uint64_t i = 0; i < kPiledUp; ++i) worker_->post({2 + i}, core::GetWorkerStats{});
  gate_.open();
  while (answered_ < 1 + kPiledUp) std::this_thread::yield();
  EXPECT_GE(worker_->pulse()->turns - before, kTurns);
}

TEST_F(StuckWorker, OneWithNothingToDoTurnsAllTheSame) {
  constexpr std::chrono::milliseconds kNearlyStuck(1750);
  for (int i = 0; i < 2; ++i) {
    const auto turns = worker_->pulse()->turns;
    pass(kNearlyStuck);
    while (worker_->pulse()->turns == turns) std::this_thread::yield();
  }
  EXPECT_EQ(health().at("status"), "OK");
}

}  // namespace
}  // namespace sfu::service

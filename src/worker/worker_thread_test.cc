#include "worker/worker_thread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "base/check.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "ice/scripted_check_for_test.h"
#include "io/processors.h"
#include "io/time_slice.h"
#include "stun/message.h"

namespace sfu::worker {
namespace {

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

/// Collects what a worker delivers from its thread.
class Inbox {
 public:
  void put(std::vector<core::Event> events) {
    const std::lock_guard lock(mutex_);
    for (core::Event& event : events) events_.push_back(std::move(event));
    arrived_.notify_all();
  }
  /// The reply to `request`, or none within a few seconds.
  std::optional<core::Reply> reply_to(core::RequestId request) {
    std::unique_lock lock(mutex_);
    std::optional<core::Reply> found;
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] {
      for (const core::Event& event : events_)
        if (const auto* reply = std::get_if<core::Reply>(&event);
            reply && reply->request == request)
          found = *reply;
      return found.has_value();
    });
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<core::Event> events_;
};

/// Where the kernel tells of the thread of this name; empty where there is none.
std::filesystem::path task_of(const std::string& thread) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == thread) return task.path();
  }
  return {};
}

/// Where the thread of this name may run, as the kernel tells it: "0-3", "2".
std::string allowed_processors(const std::string& thread) {
  constexpr std::string_view kField = "Cpus_allowed_list:\t";
  std::ifstream status(task_of(thread) / "status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(kField)) return line.substr(kField.size());
  return "no such thread";
}

struct RunningWorker {
  RunningWorker() {
    auto socket = io::UdpSocket::bind({kLoopback, 0});
    server = socket->local();
    std::vector<io::UdpSocket> sockets;
    sockets.push_back(std::move(*socket));
    WorkerThread::Config config;
    config.core.candidates = {server};
    config.core.certificate = &certificate;
    worker = std::make_unique<WorkerThread>(
        std::move(config), std::move(sockets), std::make_unique<crypto::SystemRandom>(),
        [this](std::vector<core::Event> events) { inbox.put(std::move(events)); });
  }

  /// What its peer has to know of a new transport; takes the requests 1 and 2.
  ice::Credentials open_transport() {
    crypto::SystemRandom random;
    const auto router = RouterId::random(random);
    worker->post({1}, core::CreateRouter{router});
    worker->post({2}, core::CreateTransport{router, TransportId::random(random)});
    const auto reply = inbox.reply_to({2});
    SFU_CHECK(reply && reply->result);
    const auto& created = std::get<core::TransportCreated>(*reply->result);
    return {created.ice_username_fragment, created.ice_password};
  }

  Inbox inbox;
  const crypto::Certificate certificate = crypto::Certificate::generate();
  Endpoint server;
  std::unique_ptr<WorkerThread> worker;  // Last: its thread delivers to the inbox.
};

TEST(WorkerThread, AnswersEachCommandOnce) {
  RunningWorker running;
  crypto::SystemRandom random;
  const auto router = RouterId::random(random);
  running.worker->post({1}, core::CreateRouter{router});
  running.worker->post({2}, core::CreateRouter{router});
  running.worker->post({3}, core::CloseRouter{router});
  const auto made = running.inbox.reply_to({1});
  const auto again = running.inbox.reply_to({2});
  const auto closed = running.inbox.reply_to({3});
  ASSERT_TRUE(made && again && closed);
  EXPECT_TRUE(made->result.has_value());
  EXPECT_EQ(again->result.error(), core::CommandError::AlreadyExists);
  EXPECT_TRUE(closed->result.has_value());
}

TEST(WorkerThread, AnswersConnectivityChecksAndCountsThem) {
  RunningWorker running;
  const ice::Credentials transport = running.open_transport();

  PacketArena arena;  // Before the socket, which keeps buffers of it.
  auto client = io::UdpSocket::bind({kLoopback, 0});
  ASSERT_TRUE(client.has_value());
  const auto check = ice::ScriptedCheck::to(transport).encode();
  const io::DatagramGroup datagram{{client->local(), running.server}, check};
  client->transmit({&datagram, 1});

  pollfd waiting{client->fd(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 10'000), 1);
  std::vector<io::ReceivedDatagram> received;
  ASSERT_EQ(client->receive(arena, received), 1u);
  const auto answer = stun::MessageView::parse(received[0].buffer.bytes());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->message_class(), stun::Class::SuccessResponse);
  EXPECT_EQ(answer->xor_mapped_address(), client->local());

  running.worker->post({3}, core::GetWorkerStats{});
  const auto stats = running.inbox.reply_to({3});
  ASSERT_TRUE(stats && stats->result);
  const auto& worker = std::get<core::WorkerStats>(*stats->result);
  EXPECT_EQ(worker.packets_received, 1u);
  EXPECT_EQ(worker.packets_sent, 1u);
  EXPECT_EQ(worker.transports, 1u);
}

/// Over real sockets: noise of each kind, and checks of one who knows the name and not the
/// password.
TEST(WorkerThread, AnswersAnHonestCheckAmidAFloodAndTheFloodNothing) {
  RunningWorker running;
  const ice::Credentials transport = running.open_transport();
  PacketArena arena;  // Before the sockets, which keep buffers of it.
  auto honest = io::UdpSocket::bind({kLoopback, 0});
  auto hostile = io::UdpSocket::bind({kLoopback, 0});
  ASSERT_TRUE(honest && hostile);
  const auto check = ice::ScriptedCheck::to(transport).encode();
  auto forged = ice::ScriptedCheck::to(transport);
  forged.password = "a guess";
  const std::vector<std::uint8_t> guess = forged.encode();
  std::vector<std::vector<std::uint8_t>> noise(5, std::vector<std::uint8_t>(300, 0x5a));
  const std::uint8_t first[] = {1, 22, 63, 0x80, 0xff};
  std::vector<io::DatagramGroup> burst;
  const Path path{hostile->local(), running.server};
  for (std::size_t i = 0; i < noise.size(); ++i) {
    noise[i][0] = first[i];
    for (int copies = 0; copies < 10; ++copies) burst.push_back({path, noise[i]});
  }
  for (int copies = 0; copies < 50; ++copies) burst.push_back({path, guess});
  const io::DatagramGroup question{{honest->local(), running.server}, check};

  constexpr int kBursts = 50;
  io::GroupSender sender(false);
  std::vector<io::ReceivedDatagram> received;
  for (int i = 0; i < kBursts; ++i) {
    sender.send(*hostile, burst);
    honest->transmit({&question, 1});
    pollfd waiting{honest->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&waiting, 1, 10'000), 1) << "no answer to the honest check of burst " << i;
    received.clear();
    ASSERT_EQ(honest->receive(arena, received), 1u);
  }
  pollfd reflected{hostile->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&reflected, 1, 0), 0) << "something was answered";
  running.worker->post({3}, core::GetWorkerStats{});
  const auto stats = running.inbox.reply_to({3});
  ASSERT_TRUE(stats && stats->result);
  const auto& worker = std::get<core::WorkerStats>(*stats->result);
  EXPECT_EQ(worker.refused.stun, 50u * kBursts);
  EXPECT_EQ(worker.refused.strangers, 50u * kBursts);
  EXPECT_EQ(worker.packets_sent, std::uint64_t{kBursts});
}

TEST(WorkerThread, RunsWhereItIsPinnedAndRefusesAProcessorThatIsNotThere) {
  const std::vector<int> processors = io::usable_processors();
  ASSERT_FALSE(processors.empty());
  RunningWorker running;
  EXPECT_TRUE(running.worker->pin(processors.back()));
  EXPECT_EQ(allowed_processors("media-0"), std::to_string(processors.back()));
  EXPECT_FALSE(running.worker->pin(-1));
  EXPECT_FALSE(running.worker->pin(1'000'000));
}

TEST(WorkerThread, AsksForAShorterSliceThanItsNeighboursHave) {
  RunningWorker running;
  crypto::SystemRandom random;
  running.worker->post({1}, core::CreateRouter{RouterId::random(random)});
  ASSERT_TRUE(running.inbox.reply_to({1}));  // It is at its turns.
  const auto slice = io::time_slice_of(std::stoi(task_of("media-0").filename().string()));
  const auto neighbours = io::time_slice_of(0);
  ASSERT_TRUE(slice && neighbours);
  if (*neighbours == TimeDelta(0)) GTEST_SKIP() << "this kernel has one slice for everybody";
  EXPECT_LT(*slice, *neighbours);
}

TEST(WorkerThread, EndsWhileDatagramsArrive) {
  auto running = std::make_unique<RunningWorker>();
  auto client = io::UdpSocket::bind({kLoopback, 0});
  ASSERT_TRUE(client.has_value());
  const std::vector<std::uint8_t> noise(1200, 0x80);
  const std::vector<io::DatagramGroup> burst(
      200, io::DatagramGroup{{client->local(), running->server}, noise});
  io::GroupSender sender(false);
  sender.send(*client, burst);
  running.reset();  // Neither hangs nor touches what is gone: the sanitizers look on.
  sender.send(*client, burst);
}

}  // namespace
}  // namespace sfu::worker

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "io/clock.h"
#include "io/udp_socket.h"
#include "sim/certificates.h"
#include "socket_person.h"
#include "worker/worker_links.h"
#include "worker/worker_thread.h"

// The service over two media threads with real sockets and a real clock: a room whose viewers sit
// on both.

namespace sfu::service {
namespace {

using namespace std::chrono_literals;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");
constexpr std::size_t kWorkers = 2;
constexpr std::uint64_t kFrames = 20;

Options without_margin() {
  Options options;
  options.placement_margin = 0;  // Each newcomer goes to the freest worker.
  return options;
}

class TwoWorkerThreads : public testing::Test {
 protected:
  TwoWorkerThreads() {
    std::vector<worker::WorkerPort*> ports;
    for (std::size_t i = 0; i < kWorkers; ++i) {
      std::vector<io::UdpSocket> sockets;
      sockets.push_back(*io::UdpSocket::bind({kLoopback, 0}));
      worker::WorkerThread::Config config;
      config.index = static_cast<unsigned>(i);
      config.core.candidates = {sockets[0].local()};
      config.core.certificate = &certificate_;
      config.core.ntp = {std::chrono::seconds(3'900'000'000)};
      config.core.links = links_.writers(i);
      config.links = &links_;
      threads_.push_back(std::make_unique<worker::WorkerThread>(
          std::move(config), std::move(sockets), std::make_unique<crypto::SystemRandom>(),
          [this, i](std::vector<core::Event> events) { inboxes_[i].put(std::move(events)); }));
      ports.push_back(threads_.back().get());
    }
    service_ = std::make_unique<TestService>(ports, without_margin());
    service_->now = io::monotonic_now();
    for (std::size_t i = 0; i < kWorkers; ++i)
      service_->deliver.push_back([this, i] {
        auto event = inboxes_[i].take();
        if (event) service_->server->handle_worker_event(i, std::move(*event));
        return event.has_value();
      });
  }

  /// Lets everything happen until `done`, for at most ten seconds.
  template <class Done>
  [[nodiscard]] bool until(Done done) {
    const Timestamp end = io::monotonic_now() + 10s;
    while (!done()) {
      if (io::monotonic_now() > end) return false;
      std::vector<pollfd> waiting;
      for (const auto& person : people_)
        for (const int fd : person->fds()) waiting.push_back({fd, POLLIN, 0});
      constexpr int kTickMs = 1;
      poll(waiting.data(), waiting.size(), kTickMs);
      service_->now = io::monotonic_now();
      service_->pump();
      for (const auto& person : people_) person->step();
    }
    return true;
  }

  SocketPerson& enter(const std::string& name) {
    people_.push_back(std::make_unique<SocketPerson>(*service_, client_context_, name, kLoopback,
                                                     people_.size()));
    SocketPerson& person = *people_.back();
    person.client.join("one");
    EXPECT_TRUE(until([&] { return person.client.count("router-rtp-capabilities") == 1; }));
    for (const char* direction : {"send", "recv"}) {
      person.client.create_transport("one", direction);
      EXPECT_TRUE(until([&] {
        const auto last = person.client.last("webrtc-transport-created");
        return !last.is_null() && last.at("direction") == direction;
      })) << name
          << " got " << person.client.names();
      person.open(person.client.last("webrtc-transport-created"));
      person.client.emit(
          "connect-webrtc-transport",
          json::object{
              {"direction", direction},
              {"dtlsParameters",
               json::object{
                   {"role", "client"},
                   {"fingerprints", json::array{json::object{
                                        {"algorithm", "sha-256"},
                                        {"value", client_certificate_.sha256_fingerprint()}}}}}}});
    }
    EXPECT_TRUE(until(
        [&] { return person.browser.send_connected() && person.browser.receive_connected(); }));
    person.client.set_capabilities();
    EXPECT_TRUE(until([&] { return person.client.count("rtp-capabilities-set") == 1; }));
    return person;
  }

  void publish(SocketPerson& person) {
    person.ask_to_publish();
    ASSERT_TRUE(until([&] { return person.client.count("producer-created") == 1; }));
    person.send_picture();
  }

  std::size_t worker_of(const SocketPerson& person) {
    return service_->server->find_room("one")->find(person.name())->worker()->index();
  }

  const crypto::Certificate certificate_ = sim::server_certificate();
  const crypto::Certificate client_certificate_ = sim::client_certificate();
  const dtls::Context client_context_{client_certificate_};
  worker::WorkerLinks links_{kWorkers};
  Inbox inboxes_[kWorkers];
  std::vector<std::unique_ptr<worker::WorkerThread>> threads_;
  std::unique_ptr<TestService> service_;
  std::vector<std::unique_ptr<SocketPerson>> people_;
};

TEST_F(TwoWorkerThreads, ShowOnePublisherToViewersOnBoth) {
  SocketPerson& ann = enter("ann");
  publish(ann);
  std::vector<SocketPerson*> viewers[kWorkers];
  for (int i = 0; i < 32 && (viewers[0].empty() || viewers[1].empty()); ++i) {
    SocketPerson& viewer = enter("viewer " + std::to_string(i));
    viewers[worker_of(viewer)].push_back(&viewer);
    ASSERT_EQ(viewer.client.count("new-consumer"), 1u);
    viewer.view(viewer.client.last("new-consumer"));
    viewer.client.emit("resume-all-consumers");
  }
  ASSERT_FALSE(viewers[0].empty());
  ASSERT_FALSE(viewers[1].empty());
  EXPECT_EQ(service_->server->pipes().size(), 1u);

  EXPECT_TRUE(until([&] {
    return std::all_of(people_.begin() + 1, people_.end(), [](const auto& person) {
      return person->browser.receivers().front().frames_decoded() >= kFrames;
    });
  }));
  for (const auto& person : people_)
    for (const sim::StreamReceiver& receiver : person->browser.receivers())
      EXPECT_THAT(receiver.complaints(), testing::IsEmpty()) << person->name();

  ann.client.emit("close-producer", json::object{{"kind", "video"}});
  ann.browser.remove_senders();
  EXPECT_TRUE(until([&] {
    return std::all_of(people_.begin() + 1, people_.end(), [](const auto& person) {
      return person->client.count("consumer-closed") == 1;
    });
  }));
  EXPECT_EQ(service_->server->pipes().size(), 0u);
}

}  // namespace
}  // namespace sfu::service

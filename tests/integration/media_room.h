#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
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

namespace sfu::service {

/// The service over real media threads, and people with real sockets and a real clock, all of them
/// in room "one".
class MediaRoomTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kFrames = 20;

  explicit MediaRoomTest(std::size_t workers, Options options = {})
      : links_(workers), inboxes_(workers) {
    std::vector<worker::WorkerPort*> ports;
    for (std::size_t i = 0; i < workers; ++i) {
      threads_.push_back(start_worker(i, workers > 1));
      ports.push_back(threads_.back().get());
    }
    service_ = std::make_unique<TestService>(ports, std::move(options));
    service_->now = io::monotonic_now();
    for (std::size_t i = 0; i < workers; ++i)
      service_->deliver.push_back([this, i] {
        auto event = inboxes_[i].take();
        if (event) service_->server->handle_worker_event(i, std::move(*event));
        return event.has_value();
      });
  }

  /// Lets everything happen until `done`, for at most ten seconds.
  template <class Done>
  [[nodiscard]] bool until(Done done) {
    const Timestamp end = io::monotonic_now() + std::chrono::seconds(10);
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

  SocketPerson& enter(const std::string& name, IpProtocol protocol = IpProtocol::Udp) {
    people_.push_back(std::make_unique<SocketPerson>(*service_, client_context_, name, loopback(),
                                                     people_.size(), protocol));
    SocketPerson& person = *people_.back();
    person.client.join("one");
    EXPECT_TRUE(until([&] { return person.client.count("router-rtp-capabilities") == 1; }));
    for (const char* direction : {"send", "recv"}) open_transport(person, direction);
    EXPECT_TRUE(until([&] {
      return person.browser.send_connected() && person.browser.receive_connected();
    })) << name;
    person.client.set_capabilities();
    EXPECT_TRUE(until([&] { return person.client.count("rtp-capabilities-set") == 1; }));
    return person;
  }
  void publish(SocketPerson& person) {
    person.ask_to_publish();
    ASSERT_TRUE(until([&] { return person.client.count("producer-created") == 1; }));
    person.send_picture();
  }
  void view(SocketPerson& viewer) {
    ASSERT_TRUE(until([&] { return viewer.client.count("new-consumer") == 1; }));
    viewer.view(viewer.client.last("new-consumer"));
    viewer.client.emit("resume-all-consumers");
  }

  static std::uint64_t frames_of(SocketPerson& viewer) {
    return viewer.browser.receivers().front().frames_decoded();
  }
  void expect_no_complaints() {
    for (const auto& person : people_)
      for (const sim::StreamReceiver& receiver : person->browser.receivers())
        EXPECT_THAT(receiver.complaints(), testing::IsEmpty()) << person->name();
  }

 private:
  static IpAddress loopback() { return IpAddress::v4(0x7f000001); }

  /// Listens on UDP and TCP at one port of loopback.
  std::unique_ptr<worker::WorkerThread> start_worker(std::size_t index, bool linked) {
    std::vector<io::UdpSocket> sockets;
    std::vector<io::TcpListener> listeners;
    while (listeners.empty()) {
      sockets.clear();
      sockets.push_back(*io::UdpSocket::bind({loopback(), 0}));
      if (auto listener = io::TcpListener::bind(sockets[0].local()))
        listeners.push_back(std::move(*listener));
    }
    worker::WorkerThread::Config config;
    config.index = static_cast<unsigned>(index);
    config.core.candidates = {sockets[0].local()};
    config.core.tcp_candidates = {listeners[0].local()};
    config.core.certificate = &certificate_;
    config.core.ntp = {std::chrono::seconds(3'900'000'000)};
    config.core.links = links_.writers(index);
    if (linked) config.links = &links_;
    return std::make_unique<worker::WorkerThread>(
        std::move(config), std::move(sockets), std::make_unique<crypto::SystemRandom>(),
        [&inbox = inboxes_[index]](std::vector<core::Event> events) {
          inbox.put(std::move(events));
        },
        std::move(listeners));
  }

  void open_transport(SocketPerson& person, const char* direction) {
    person.client.create_transport("one", direction);
    EXPECT_TRUE(until([&] {
      const auto last = person.client.last("webrtc-transport-created");
      return !last.is_null() && last.at("direction") == direction;
    })) << person.name()
        << " got " << person.client.names();
    person.open(person.client.last("webrtc-transport-created"));
    const json::object fingerprint{{"algorithm", "sha-256"},
                                   {"value", client_certificate_.sha256_fingerprint()}};
    const json::object dtls{{"role", "client"}, {"fingerprints", json::array{fingerprint}}};
    person.client.emit("connect-webrtc-transport",
                       json::object{{"direction", direction}, {"dtlsParameters", dtls}});
  }

  const crypto::Certificate certificate_ = sim::server_certificate();
  const crypto::Certificate client_certificate_ = sim::client_certificate();
  const dtls::Context client_context_{client_certificate_};
  worker::WorkerLinks links_;
  std::vector<Inbox> inboxes_;
  std::vector<std::unique_ptr<worker::WorkerThread>> threads_;

 protected:  // They end before the threads.
  std::unique_ptr<TestService> service_;
  std::vector<std::unique_ptr<SocketPerson>> people_;
};

}  // namespace sfu::service

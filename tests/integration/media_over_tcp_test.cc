#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "sim/certificates.h"
#include "socket_person.h"
#include "worker/worker_thread.h"

// Clients whose network blocks UDP: STUN, DTLS and SRTP over real TCP connections (RFC 6544).

namespace sfu::service {
namespace {

using namespace std::chrono_literals;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");
constexpr std::uint64_t kFrames = 20;

class MediaOverTcp : public testing::Test {
 protected:
  MediaOverTcp() {
    std::vector<io::UdpSocket> sockets;
    std::vector<io::TcpListener> listeners;
    while (listeners.empty()) {
      sockets.clear();
      sockets.push_back(*io::UdpSocket::bind({kLoopback, 0}));
      if (auto listener = io::TcpListener::bind(sockets[0].local()))
        listeners.push_back(std::move(*listener));
    }
    worker::WorkerThread::Config config;
    config.core.candidates = {sockets[0].local()};
    config.core.tcp_candidates = {listeners[0].local()};
    config.core.certificate = &certificate_;
    config.core.ntp = {std::chrono::seconds(3'900'000'000)};
    worker_ = std::make_unique<worker::WorkerThread>(
        std::move(config), std::move(sockets), std::make_unique<crypto::SystemRandom>(),
        [this](std::vector<core::Event> events) { inbox_.put(std::move(events)); },
        std::move(listeners));
    service_ = std::make_unique<TestService>(std::vector<worker::WorkerPort*>{worker_.get()});
    service_->now = io::monotonic_now();
    service_->deliver.push_back([this] {
      auto event = inbox_.take();
      if (event) service_->server->handle_worker_event(0, std::move(*event));
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

  SocketPerson& enter(const std::string& name, IpProtocol protocol) {
    people_.push_back(std::make_unique<SocketPerson>(*service_, client_context_, name, kLoopback,
                                                     people_.size(), protocol));
    SocketPerson& person = *people_.back();
    person.client.join("one");
    EXPECT_TRUE(until([&] { return person.client.count("router-rtp-capabilities") == 1; }));
    for (const char* direction : {"send", "recv"}) {
      person.client.create_transport("one", direction);
      EXPECT_TRUE(until([&] {
        const auto last = person.client.last("webrtc-transport-created");
        return !last.is_null() && last.at("direction") == direction;
      }));
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
    EXPECT_TRUE(until([&] { return is_connected(person); })) << name;
    person.client.set_capabilities();
    EXPECT_TRUE(until([&] { return person.client.count("rtp-capabilities-set") == 1; }));
    return person;
  }
  static bool is_connected(const SocketPerson& person) {
    return person.browser.send_connected() && person.browser.receive_connected();
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
  /// Whether the viewer decodes that many more frames.
  [[nodiscard]] bool goes_on(SocketPerson& viewer) {
    const std::uint64_t before = frames_of(viewer);
    return until([&] { return frames_of(viewer) >= before + kFrames; });
  }
  void expect_no_complaints() {
    for (const auto& person : people_)
      for (const sim::StreamReceiver& receiver : person->browser.receivers())
        EXPECT_THAT(receiver.complaints(), testing::IsEmpty()) << person->name();
  }
  json::value worker_stats() {
    std::optional<HttpResponse> response;
    service_->server->handle_stats(HttpRequest{}, [&](HttpResponse answer) { response = answer; });
    EXPECT_TRUE(until([&] { return response.has_value(); }));
    return json::parse(response->body).at("workerStats").at(0);
  }
  json::value ask(SocketPerson& person, std::string_view event) {
    const std::uint64_t id = person.client.start_asking(event);
    EXPECT_TRUE(until([&] { return !person.client.answer(id).is_null(); }));
    return person.client.answer(id);
  }

  const crypto::Certificate certificate_ = sim::server_certificate();
  const crypto::Certificate client_certificate_ = sim::client_certificate();
  const dtls::Context client_context_{client_certificate_};
  Inbox inbox_;
  std::unique_ptr<worker::WorkerThread> worker_;
  std::unique_ptr<TestService> service_;
  std::vector<std::unique_ptr<SocketPerson>> people_;
};

class MediaFromTo : public MediaOverTcp,
                    public testing::WithParamInterface<std::pair<IpProtocol, IpProtocol>> {};

TEST_P(MediaFromTo, FlowsWithoutGaps) {
  SocketPerson& ann = enter("ann", GetParam().first);
  SocketPerson& bob = enter("bob", GetParam().second);
  publish(ann);
  view(bob);
  EXPECT_TRUE(until([&] { return frames_of(bob) >= kFrames; }));
  expect_no_complaints();
}

INSTANTIATE_TEST_SUITE_P(Protocols, MediaFromTo,
                         testing::Values(std::pair{IpProtocol::Tcp, IpProtocol::Tcp},
                                         std::pair{IpProtocol::Tcp, IpProtocol::Udp},
                                         std::pair{IpProtocol::Udp, IpProtocol::Tcp}));

TEST_F(MediaOverTcp, GoesOnWhenAViewerChangesBetweenTcpAndUdp) {
  SocketPerson& ann = enter("ann", IpProtocol::Udp);
  SocketPerson& bob = enter("bob", IpProtocol::Udp);
  publish(ann);
  view(bob);
  EXPECT_TRUE(goes_on(bob));
  for (const IpProtocol next : {IpProtocol::Tcp, IpProtocol::Udp, IpProtocol::Tcp}) {
    bob.switch_to(next);
    EXPECT_TRUE(goes_on(bob));
  }
}

TEST_F(MediaOverTcp, GoesOnWhenAPublisherChangesBetweenTcpAndUdp) {
  SocketPerson& ann = enter("ann", IpProtocol::Tcp);
  SocketPerson& bob = enter("bob", IpProtocol::Tcp);
  publish(ann);
  view(bob);
  EXPECT_TRUE(goes_on(bob));
  for (const IpProtocol next : {IpProtocol::Udp, IpProtocol::Tcp}) {
    ann.switch_to(next);
    EXPECT_TRUE(goes_on(bob));
  }
}

TEST_F(MediaOverTcp, StatisticsNameTheProtocolAndCountTheConnections) {
  SocketPerson& ann = enter("ann", IpProtocol::Tcp);
  const json::value stats = ask(ann, "get-participant-stats");
  const json::array& transports = stats.at("transports").at("details").as_array();
  ASSERT_EQ(transports.size(), 2u);
  for (const json::value& transport : transports)
    EXPECT_EQ(transport.at("stats").at(0).at("iceSelectedTuple").at("protocol"), "tcp");
  EXPECT_EQ(worker_stats().at("tcpConnections"), 2);
  EXPECT_GT(worker_stats().at("tcpPacketsReceived").to_number<int>(), 4);

  people_.clear();  // The page goes: its sockets close.
  EXPECT_TRUE(until([&] { return worker_stats().at("tcpConnections") == 0; }));
  EXPECT_EQ(worker_stats().at("tcpAccepted"), 2);
  EXPECT_EQ(worker_stats().at("tcpRefused"), 0);
}

}  // namespace
}  // namespace sfu::service

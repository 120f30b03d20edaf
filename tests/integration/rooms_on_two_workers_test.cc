#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "io/clock.h"
#include "io/udp_socket.h"
#include "media/codec_table.h"
#include "service/test_harness.h"
#include "sim/browser.h"
#include "sim/certificates.h"
#include "sim/publisher_parameters.h"
#include "worker/worker_links.h"
#include "worker/worker_thread.h"

// The service over two media threads with real sockets and a real clock: a room whose viewers sit
// on both.

namespace sfu::service {
namespace {

using namespace std::chrono_literals;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");
constexpr std::size_t kWorkers = 2;
constexpr Ssrc kVideoSsrc{1000}, kVideoRtxSsrc{2000};
constexpr std::uint64_t kFrames = 20;

/// What a worker's thread delivers, until the service's thread takes it.
class Inbox {
 public:
  void put(std::vector<core::Event> events) {
    const std::lock_guard lock(mutex_);
    for (core::Event& event : events) events_.push_back(std::move(event));
  }
  std::optional<core::Event> take() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return std::nullopt;
    core::Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::deque<core::Event> events_;
};

std::uint8_t mid_id(const json::value& parameters) {
  for (const json::value& extension : parameters.at("headerExtensions").as_array())
    if (extension.at("uri").as_string() == rtp::uri_of(rtp::ExtensionKind::Mid))
      return extension.at("id").to_number<std::uint8_t>();
  return 0;
}

/// A client with the media engine of the simulator, on two sockets of this machine: what it calls
/// its ports is ours to choose.
class Person final : private sim::Outbox {
 public:
  Person(TestService& service, const dtls::Context& context, const std::string& name,
         std::uint64_t seed)
      : client(service, name), name_(name), browser(context, kLoopback, seed) {
    for (int i = 0; i < 2; ++i) sockets_.push_back(*io::UdpSocket::bind({kLoopback, 0}));
  }

  const std::string& name() const { return name_; }
  std::vector<int> fds() const { return {sockets_[0].fd(), sockets_[1].fd()}; }

  void open(const json::value& created) {
    const json::value& candidate = created.at("iceCandidates").at(0);
    const json::value& ice = created.at("iceParameters");
    const sim::PeerChannel::Remote remote{
        {kLoopback, candidate.at("port").to_number<std::uint16_t>()},
        std::string(ice.at("usernameFragment").as_string()),
        std::string(ice.at("password").as_string()),
        std::string(created.at("dtlsParameters").at("fingerprints").at(0).at("value").as_string())};
    if (created.at("direction") == "send") {
      browser.open_send(io::monotonic_now(), remote);
      send_port_ = browser.send_endpoint().port;
    } else {
      browser.open_receive(io::monotonic_now(), remote);
    }
  }
  void view(const json::value& consumer) {
    const json::value& parameters = consumer.at("rtpParameters");
    const json::value& encoding = parameters.at("encodings").at(0);
    const auto payload_type = [&](std::size_t i) {
      return parameters.at("codecs").at(i).at("payloadType").to_number<std::uint8_t>();
    };
    browser.add_receiver(
        {.is_video = true,
         .ssrc = Ssrc{encoding.at("ssrc").to_number<std::uint32_t>()},
         .rtx_ssrc = Ssrc{encoding.at("rtx").at("ssrc").to_number<std::uint32_t>()},
         .payload_type = payload_type(0),
         .rtx_payload_type = payload_type(1),
         .mid = std::string(parameters.at("mid").as_string()),
         .mid_id = mid_id(parameters),
         .clock_rate = 90'000,
         .frame_interval = 50ms});
  }

  /// Whatever has arrived or is due.
  void step() {
    const Timestamp now = io::monotonic_now();
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      received_.clear();
      sockets_[i].receive(arena_, received_);
      for (const auto& datagram : received_)
        browser.handle_datagram(now, {local(i), datagram.path.remote, IpProtocol::Udp},
                                datagram.buffer.bytes());
    }
    received_.clear();
    if (browser.next_timeout() <= now) browser.handle_timeout(now);
    browser.flush(now, *this);
  }

  TestClient client;

 private:
  void send(const Path& path, Bytes datagram) override {
    io::UdpSocket& socket = sockets_[path.local.port == send_port_ ? 0 : 1];
    const io::DatagramGroup alone({socket.local(), path.remote, IpProtocol::Udp}, datagram);
    socket.transmit({&alone, 1});
  }
  Endpoint local(std::size_t socket) const {
    return socket == 0 ? browser.send_endpoint() : browser.receive_endpoint();
  }

  const std::string name_;
  PacketArena arena_{1024};  // Before the sockets, which keep buffers of it.
  std::vector<io::UdpSocket> sockets_;
  std::vector<io::ReceivedDatagram> received_;
  std::uint16_t send_port_ = 0;

 public:
  sim::Browser browser;
};

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

  Person& enter(const std::string& name) {
    people_.push_back(std::make_unique<Person>(*service_, client_context_, name, people_.size()));
    Person& person = *people_.back();
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

  void publish(Person& person) {
    ortc::RtpParameters parameters = sim::publisher_parameters(ortc::MediaKind::Video, "0");
    ortc::RtpEncodingParameters encoding;
    encoding.ssrc = kVideoSsrc;
    encoding.rtx_ssrc = kVideoRtxSsrc;
    parameters.encodings.push_back(encoding);
    person.client.emit("create-producer", json::object{{"kind", "video"},
                                                       {"rtpParameters", ortc::to_json(parameters)},
                                                       {"appData", json::object{}}});
    ASSERT_TRUE(until([&] { return person.client.count("producer-created") == 1; }));
    sim::StreamSender::Options sender;
    sender.is_video = true;
    sender.ssrc = kVideoSsrc;
    sender.rtx_ssrc = kVideoRtxSsrc;
    sender.payload_type = parameters.codecs[0].payload_type;
    sender.rtx_payload_type = parameters.codecs[1].payload_type;
    sender.mid = "0";
    sender.packets_per_frame = 3;
    sender.frame_interval = 50ms;
    sender.clock_rate = 90'000;
    sender.extensions = media::extension_map(parameters);
    person.browser.add_sender(std::move(sender), io::monotonic_now());
  }

  std::size_t worker_of(const Person& person) {
    return service_->server->find_room("one")->find(person.name())->worker()->index();
  }

  const crypto::Certificate certificate_ = sim::server_certificate();
  const crypto::Certificate client_certificate_ = sim::client_certificate();
  const dtls::Context client_context_{client_certificate_};
  worker::WorkerLinks links_{kWorkers};
  Inbox inboxes_[kWorkers];
  std::vector<std::unique_ptr<worker::WorkerThread>> threads_;
  std::unique_ptr<TestService> service_;
  std::vector<std::unique_ptr<Person>> people_;
};

TEST_F(TwoWorkerThreads, ShowOnePublisherToViewersOnBoth) {
  Person& ann = enter("ann");
  publish(ann);
  std::vector<Person*> viewers[kWorkers];
  for (int i = 0; i < 8 && (viewers[0].empty() || viewers[1].empty()); ++i) {
    Person& viewer = enter("viewer " + std::to_string(i));
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

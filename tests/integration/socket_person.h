#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/clock.h"
#include "io/stream_client_for_test.h"
#include "io/udp_socket.h"
#include "media/codec_table.h"
#include "service/service_for_test.h"
#include "sim/browser.h"
#include "sim/publisher_parameters.h"

namespace sfu::service {

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

/// What a client takes for one of its ports.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual int fd() const = 0;
  virtual void send(const Endpoint& server, Bytes datagram) = 0;
  virtual void receive(const std::function<void(const Endpoint& server, Bytes)>& visit) = 0;
};

class UdpCarrier final : public Carrier {
 public:
  explicit UdpCarrier(const IpAddress& address) : socket_(*io::UdpSocket::bind({address, 0})) {}

  int fd() const override { return socket_.fd(); }
  void send(const Endpoint& server, Bytes datagram) override {
    const io::DatagramGroup alone({socket_.local(), server, IpProtocol::Udp}, datagram);
    socket_.transmit({&alone, 1});
  }
  void receive(const std::function<void(const Endpoint&, Bytes)>& visit) override {
    socket_.receive(arena_, received_);
    for (const auto& datagram : received_) visit(datagram.path.remote, datagram.buffer.bytes());
    received_.clear();
  }

 private:
  PacketArena arena_{1024};  // Before the socket, which keeps buffers of it.
  io::UdpSocket socket_;
  std::vector<io::ReceivedDatagram> received_;
};

/// A connection of ICE over TCP (RFC 6544), which the client opens.
class TcpCarrier final : public Carrier {
 public:
  explicit TcpCarrier(const Endpoint& server) : server_(server), client_(server) {}

  int fd() const override { return client_.fd(); }
  void send(const Endpoint&, Bytes datagram) override { client_.send_frame(datagram); }
  void receive(const std::function<void(const Endpoint&, Bytes)>& visit) override {
    while (const auto datagram = client_.receive_frame(0)) visit(server_, *datagram);
  }

 private:
  const Endpoint server_;
  io::StreamClient client_;
};

/// A client with the media engine of the simulator, on sockets of this machine: what it calls its
/// ports is ours to choose.
class SocketPerson final : private sim::Outbox {
 public:
  SocketPerson(TestService& service, const dtls::Context& context, const std::string& name,
               const IpAddress& server, std::uint64_t seed, IpProtocol protocol = IpProtocol::Udp)
      : client(service, name),
        browser(context, server, seed),
        name_(name),
        server_(server),
        protocol_(protocol) {}

  const std::string& name() const { return name_; }
  std::vector<int> fds() const {
    std::vector<int> all;
    for (const auto& [port, carrier] : carriers_) all.push_back(carrier->fd());
    return all;
  }

  /// A transport that the server has made.
  void open(const json::value& created) {
    const json::value& ice = created.at("iceParameters");
    const sim::PeerChannel::Remote remote{
        {server_, port_of(created.at("iceCandidates"))},
        std::string(ice.at("usernameFragment").as_string()),
        std::string(ice.at("password").as_string()),
        std::string(created.at("dtlsParameters").at("fingerprints").at(0).at("value").as_string())};
    if (created.at("direction") == "send")
      browser.open_send(io::monotonic_now(), remote);
    else
      browser.open_receive(io::monotonic_now(), remote);
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
         .frame_interval = kFrameInterval});
  }
  /// Asks to publish a picture; send_picture() begins with it.
  void ask_to_publish() {
    publishing_ = sim::publisher_parameters(ortc::MediaKind::Video, "0");
    ortc::RtpEncodingParameters encoding;
    encoding.ssrc = kVideoSsrc;
    encoding.rtx_ssrc = kVideoRtxSsrc;
    publishing_.encodings.push_back(encoding);
    client.emit("create-producer", json::object{{"kind", "video"},
                                                {"rtpParameters", ortc::to_json(publishing_)},
                                                {"appData", json::object{}}});
  }
  void send_picture() {
    sim::StreamSender::Options sender;
    sender.is_video = true;
    sender.ssrc = kVideoSsrc;
    sender.rtx_ssrc = kVideoRtxSsrc;
    sender.payload_type = publishing_.codecs[0].payload_type;
    sender.rtx_payload_type = publishing_.codecs[1].payload_type;
    sender.mid = "0";
    sender.packets_per_frame = 3;
    sender.frame_interval = kFrameInterval;
    sender.clock_rate = 90'000;
    sender.extensions = media::extension_map(publishing_);
    browser.add_sender(std::move(sender), io::monotonic_now());
  }

  /// Both transports go on over `protocol`, and what they had used is closed.
  void switch_to(IpProtocol protocol) {
    protocol_ = protocol;
    carriers_.clear();
    const auto send = static_cast<std::uint16_t>(browser.send_endpoint().port + 1);
    const auto receive = static_cast<std::uint16_t>(browser.receive_endpoint().port + 1);
    browser.move_to_ports(send, receive);
  }

  /// Whatever has arrived or is due.
  void step() {
    const Timestamp now = io::monotonic_now();
    for (const auto& [port, carrier] : carriers_)
      carrier->receive([&, local = Endpoint{server_, port}](const Endpoint& from, Bytes datagram) {
        browser.handle_datagram(now, {local, from, IpProtocol::Udp}, datagram);
      });
    if (browser.next_timeout() <= now) browser.handle_timeout(now);
    browser.flush(now, *this);
  }

  TestClient client;
  sim::Browser browser;

 private:
  static constexpr Ssrc kVideoSsrc{1000}, kVideoRtxSsrc{2000};
  static constexpr TimeDelta kFrameInterval = std::chrono::milliseconds(50);

  void send(const Path& path, Bytes datagram) override {
    std::unique_ptr<Carrier>& carrier = carriers_[path.local.port];
    if (!carrier && protocol_ == IpProtocol::Udp) carrier = std::make_unique<UdpCarrier>(server_);
    if (!carrier) carrier = std::make_unique<TcpCarrier>(path.remote);
    carrier->send(path.remote, datagram);
  }
  std::uint16_t port_of(const json::value& candidates) const {
    for (const json::value& candidate : candidates.as_array())
      if ((candidate.at("protocol") == "tcp") == (protocol_ == IpProtocol::Tcp))
        return candidate.at("port").to_number<std::uint16_t>();
    return 0;
  }
  static std::uint8_t mid_id(const json::value& parameters) {
    for (const json::value& extension : parameters.at("headerExtensions").as_array())
      if (extension.at("uri").as_string() == rtp::uri_of(rtp::ExtensionKind::Mid))
        return extension.at("id").to_number<std::uint8_t>();
    return 0;
  }

  const std::string name_;
  const IpAddress server_;
  IpProtocol protocol_;
  ortc::RtpParameters publishing_;
  std::map<std::uint16_t, std::unique_ptr<Carrier>> carriers_;  // By what the browser calls them.
};

}  // namespace sfu::service

#include "bench/micro/instant_room.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/check.h"
#include "bench/micro/packets.h"
#include "ortc/router_capabilities.h"
#include "sim/certificates.h"
#include "sim/publisher_parameters.h"
#include "sim/test_picture.h"

namespace sfu::micro {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};
constexpr Ssrc kPublished{0x11223344};
constexpr std::uint32_t kFirstClient = 0x0a010000;
constexpr TimeDelta kFrame = std::chrono::microseconds(33'333);
constexpr int kHandshakeRounds = 20;

core::WorkerCore::Config configure(const crypto::Certificate& certificate) {
  core::WorkerCore::Config config;
  config.candidates = {kServer};
  config.certificate = &certificate;
  return config;
}

PacketBuffer to_buffer(PacketArena& arena, Bytes datagram) {
  PacketBuffer buffer = arena.allocate();
  std::copy(datagram.begin(), datagram.end(), buffer.room().begin());
  buffer.set_size(datagram.size());
  return buffer;
}

}  // namespace

/// Hands a client's datagrams to the core.
class InstantRoom::Pipe final : public sim::Outbox {
 public:
  Pipe(core::WorkerCore& core, Timestamp now) : core_(core), now_(now) {}
  void send(const Path& path, Bytes datagram) override {
    core_.handle_datagram(now_, {path.remote, path.local, path.protocol},
                          to_buffer(core_.arena(), datagram));
  }

 private:
  core::WorkerCore& core_;
  const Timestamp now_;
};

/// Keeps them for later.
class InstantRoom::Keeper final : public sim::Outbox {
 public:
  Keeper(PacketArena& arena, std::vector<PacketBuffer>& kept) : arena_(arena), kept_(kept) {}
  void send(const Path&, Bytes datagram) override { kept_.push_back(to_buffer(arena_, datagram)); }

 private:
  PacketArena& arena_;
  std::vector<PacketBuffer>& kept_;
};

/// Counts what leaves, and hands it on where somebody wants it.
class InstantRoom::FlushSink final : public DatagramSink {
 public:
  using Deliver = std::function<void(const Path&, Bytes)>;

  FlushSink() : bytes_(kRoom) {}

  MutableBytes room() override { return MutableBytes(bytes_).subspan(used_); }
  void commit(const Path& path, std::size_t size, std::size_t datagram_size) override {
    groups_.push_back({path, used_, size, datagram_size});
    used_ += size;
  }
  void send() override {
    for (const Group& group : groups_) {
      datagrams_ += (group.size + group.datagram_size - 1) / group.datagram_size;
      if (deliver_) deliver(group);
    }
    groups_.clear();
    used_ = 0;
  }
  void deliver_to(Deliver deliver) { deliver_ = std::move(deliver); }
  /// Since the last call.
  std::size_t take_count() { return std::exchange(datagrams_, 0); }

 private:
  static constexpr std::size_t kRoom = 1024 * 1024;
  struct Group {
    Path path;
    std::size_t offset;
    std::size_t size;
    std::size_t datagram_size;
  };

  void deliver(const Group& group) {
    const Bytes all = Bytes(bytes_).subspan(group.offset, group.size);
    for (std::size_t at = 0; at < all.size(); at += group.datagram_size)
      deliver_(group.path, all.subspan(at, std::min(group.datagram_size, all.size() - at)));
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<Group> groups_;
  std::size_t used_ = 0;
  std::size_t datagrams_ = 0;
  Deliver deliver_;
};

InstantRoom::InstantRoom(std::size_t viewers)
    : openssl_random_(kSeed),
      random_(kSeed),
      server_certificate_(sim::server_certificate()),
      client_certificate_(sim::client_certificate()),
      client_context_(client_certificate_),
      core_(configure(server_certificate_), random_),
      room_(RouterId::random(random_)),
      sink_(std::make_unique<FlushSink>()) {
  request(core::CreateRouter{room_});
  for (std::uint32_t i = 0; i <= viewers; ++i) clients_.push_back(open_client(i));
  connect();
  produce();
  for (std::size_t i = 1; i < clients_.size(); ++i) view(clients_[i]);
}

InstantRoom::~InstantRoom() = default;

core::ReplyValue InstantRoom::request(core::Command command) {
  core_.handle_command(now_, core::RequestId{next_request_++}, std::move(command));
  std::optional<core::ReplyValue> answer;
  while (auto event = core_.poll_event()) {
    auto* reply = std::get_if<core::Reply>(&*event);
    if (!reply) continue;
    SFU_CHECK(reply->result);
    answer = std::move(*reply->result);
  }
  SFU_CHECK(answer);
  return *answer;
}

InstantRoom::Client InstantRoom::open_client(std::uint32_t number) {
  Client client{TransportId::random(random_), nullptr};
  const auto reply = request(core::CreateTransport{room_, client.transport});
  const auto& created = std::get<core::TransportCreated>(reply);
  request(core::ConnectTransport{client.transport,
                                 core::DtlsRole::Client,
                                 {{"sha-256", client_certificate_.sha256_fingerprint()}}});
  client.channel = std::make_unique<sim::PeerChannel>(
      client_context_, Endpoint{IpAddress::v4(kFirstClient + number), 5000},
      sim::PeerChannel::Remote{kServer, created.ice_username_fragment, created.ice_password,
                               created.fingerprints.front().value},
      random_);
  client.channel->start(now_);
  return client;
}

void InstantRoom::connect() {
  for (int round = 0; round < kHandshakeRounds; ++round) exchange();
  for (const Client& client : clients_) SFU_CHECK(client.channel->connected());
}

/// All that waits on either side reaches the other.
void InstantRoom::exchange() {
  Pipe pipe(core_, now_);
  for (const Client& client : clients_) client.channel->flush(pipe);
  sink_->deliver_to([&](const Path& path, Bytes datagram) {
    const Client& client = clients_[path.remote.ip.v4_value() - kFirstClient];
    client.channel->handle_datagram(now_, {path.remote, path.local, path.protocol}, datagram);
  });
  core_.flush_links(now_);
  core_.flush(now_, *sink_);
  sink_->send();
  sink_->deliver_to({});
  while (core_.poll_event()) continue;
}

void InstantRoom::produce() {
  ortc::RtpParameters parameters = sim::publisher_parameters(ortc::MediaKind::Video, "0");
  ortc::RtpEncodingParameters encoding;
  encoding.ssrc = kPublished;
  parameters.encodings.push_back(encoding);
  auto completed = ortc::complete_producer_parameters(ortc::MediaKind::Video, parameters,
                                                      ortc::router_capabilities(), "publisher");
  SFU_CHECK(completed);
  produced_ = std::move(*completed);
  producer_ = ProducerId::random(random_);
  request(core::CreateProducer{.transport = clients_.front().transport,
                               .producer = producer_,
                               .kind = ortc::MediaKind::Video,
                               .parameters = produced_.own,
                               .mapping = produced_.mapping});
}

void InstantRoom::view(const Client& viewer) {
  const Ssrc ssrc = ssrcs_.take();
  const auto parameters = ortc::make_consumer_parameters(
      produced_.consumable, ortc::router_capabilities(), "0", ssrc, ssrcs_.take());
  SFU_CHECK(parameters);
  request(core::CreateConsumer{.transport = viewer.transport,
                               .producer = producer_,
                               .consumer = ConsumerId::random(random_),
                               .kind = ortc::MediaKind::Video,
                               .type = core::ConsumerType::Simple,
                               .parameters = *parameters,
                               .paused = false});
}

void InstantRoom::make_frame(std::size_t packets) {
  now_ += kFrame;
  core_.handle_timeout(now_);
  for (const Client& client : clients_) client.channel->handle_timeout(now_);
  exchange();
  for (std::size_t part = 0; part < packets; ++part) {
    auto packet = make_packet(kVideoPacket, sequence_number_++, kPublished);
    store_be32(packet, 4, frame_ * 3000);
    if (part + 1 == packets) packet[1] |= 0x80;  // The marker.
    const auto payload =
        sim::write_picture_part({.picture_id = static_cast<std::uint16_t>(frame_ & 0x7fff),
                                 .tl0_picture_index = static_cast<std::uint8_t>(frame_),
                                 .is_key_frame = frame_ == 0,
                                 .frame = frame_,
                                 .part = static_cast<std::uint16_t>(part),
                                 .parts = static_cast<std::uint16_t>(packets),
                                 .size = static_cast<std::uint16_t>(kVideoPacket - kHeaderSize)});
    std::copy(payload.begin(), payload.end(), packet.begin() + kHeaderSize);
    clients_.front().channel->send_rtp(packet);
  }
  ++frame_;
  sink_->take_count();
  Keeper keeper(core_.arena(), frame_packets_);
  clients_.front().channel->flush(keeper);
}

std::size_t InstantRoom::forward_frame() {
  const Path path{kServer, clients_.front().channel->local(), IpProtocol::Udp};
  for (PacketBuffer& packet : frame_packets_) core_.handle_datagram(now_, path, std::move(packet));
  frame_packets_.clear();
  core_.flush_links(now_);
  core_.flush(now_, *sink_);
  sink_->send();
  return sink_->take_count();
}

}  // namespace sfu::micro

#include "bench/counts/meeting.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "bench/counts/counting.h"
#include "io/udp_socket.h"
#include "media/codec_table.h"
#include "ortc/router_capabilities.h"
#include "sim/certificates.h"
#include "sim/publisher_parameters.h"
#include "sim/test_picture.h"

namespace sfu::counts {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};
constexpr std::uint32_t kFirstClient = 0x0a010000;
constexpr std::uint16_t kClientPort = 5000;
/// Histories, rings and buffers reach their sizes, and reports their rhythm.
constexpr VirtualTime kWarmUp = std::chrono::milliseconds(1500);
constexpr VirtualTime kMeasured = std::chrono::seconds(1);

}  // namespace

Meeting::Meeting(const Load& load)
    : load_(load),
      openssl_random_(kSeed),
      random_(kSeed),
      server_certificate_(sim::server_certificate()),
      client_certificate_(sim::client_certificate()),
      client_context_(client_certificate_),
      kernel_(agenda_,
              [this](VirtualTime now, const Path& path, Bytes datagram) {
                const std::uint32_t client = path.local.ip.v4_value() - kFirstClient;
                if (client < peers_.size()) peers_[client]->handle_datagram(now, datagram);
              }),
      kernel_in_use_(kernel_) {}

Report Meeting::run() {
  auto socket = io::UdpSocket::bind(kServer);
  SFU_CHECK(socket);
  std::vector<io::UdpSocket> sockets;
  sockets.push_back(std::move(*socket));
  worker::WorkerThread::Config config;
  config.core.candidates = {kServer};
  config.core.certificate = &server_certificate_;
  config.core.ntp = {std::chrono::seconds(3'900'000'000)};
  worker_ = std::make_unique<worker::WorkerThread>(
      std::move(config), std::move(sockets), std::make_unique<crypto::SeededRandom>(kSeed),
      [this](std::vector<core::Event> events) { deliver(std::move(events)); });
  agenda_.at(VirtualTime{}, [this](VirtualTime) { open_rooms(); });
  kernel_.start();
  done_.wait();
  worker_.reset();
  return report_;
}

void Meeting::deliver(std::vector<core::Event> events) {
  const Uncounted uncounted;
  for (core::Event& event : events) {
    auto* reply = std::get_if<core::Reply>(&event);
    if (!reply) continue;
    SFU_CHECK(reply->result);
    if (auto* created = std::get_if<core::TransportCreated>(&*reply->result))
      created_.push_back(std::move(*created));
    --unanswered_;
  }
  if (unanswered_ == 0 && next_step_) (this->*std::exchange(next_step_, nullptr))();
}

void Meeting::post(core::Command command) {
  ++unanswered_;
  worker_->post(core::RequestId{next_request_++}, std::move(command));
}

void Meeting::then(void (Meeting::*step)()) { next_step_ = step; }

void Meeting::open_rooms() {
  for (std::size_t number = 0; number < load_.rooms; ++number) {
    const auto room = RouterId::random(random_);
    post(core::CreateRouter{room});
    for (std::size_t i = 0; i < load_.publishers; ++i) open_transport(room, number, true);
    for (std::size_t i = 0; i < load_.viewers; ++i) open_transport(room, number, false);
  }
  then(&Meeting::connect);
}

void Meeting::open_transport(RouterId room, std::size_t room_number, bool publishes) {
  const Client& client =
      clients_.emplace_back(Client{room, TransportId::random(random_), room_number, publishes});
  post(core::CreateTransport{room, client.transport});
  post(core::ConnectTransport{client.transport,
                              core::DtlsRole::Client,
                              {{"sha-256", client_certificate_.sha256_fingerprint()}}});
}

void Meeting::connect() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const Endpoint local{IpAddress::v4(kFirstClient + static_cast<std::uint32_t>(i)), kClientPort};
    sim::PeerChannel::Remote remote{kServer, created_[i].ice_username_fragment,
                                    created_[i].ice_password,
                                    created_[i].fingerprints.front().value};
    peers_.push_back(clients_[i].publishes ? make_publisher(clients_[i], local, std::move(remote))
                                           : make_viewer(clients_[i], local, std::move(remote)));
    peers_.back()->connect(kernel_.now());
  }
  await_connections(kernel_.now());
}

std::unique_ptr<Peer> Meeting::make_publisher(const Client&, const Endpoint& local,
                                              sim::PeerChannel::Remote remote) {
  const auto kind = load_.video ? ortc::MediaKind::Video : ortc::MediaKind::Audio;
  ortc::RtpParameters parameters = sim::publisher_parameters(kind, "0");
  ortc::RtpEncodingParameters encoding;
  encoding.ssrc = ssrcs_.take();
  if (load_.video) encoding.rtx_ssrc = ssrcs_.take();
  parameters.encodings.push_back(encoding);
  auto completed = ortc::complete_producer_parameters(kind, parameters, ortc::router_capabilities(),
                                                      "publisher");
  SFU_CHECK(completed);
  produced_.push_back(std::move(*completed));
  auto publisher = std::make_unique<Publisher>(
      Surroundings{agenda_, kernel_, client_context_}, local, std::move(remote), load_,
      Publisher::Stream{.ssrc = *encoding.ssrc,
                        .payload_type = parameters.codecs[0].payload_type,
                        .extensions = media::extension_map(parameters),
                        .number = static_cast<std::uint8_t>(publishers_.size())});
  publishers_.push_back(publisher.get());
  return publisher;
}

std::unique_ptr<Peer> Meeting::make_viewer(const Client&, const Endpoint& local,
                                           sim::PeerChannel::Remote remote) {
  const auto extensions = media::extension_map(produced_.front().consumable);
  auto viewer = std::make_unique<Viewer>(
      Surroundings{agenda_, kernel_, client_context_}, local, std::move(remote),
      Viewer::Options{.number = viewers_.size(),
                      .transport_cc_id = extensions.id(rtp::ExtensionKind::TransportCc),
                      .verifies = viewers_.empty()},
      [this](VirtualTime now, Bytes payload) { note_delay(now, payload); });
  viewers_.push_back(viewer.get());
  return viewer;
}

void Meeting::await_connections(VirtualTime now) {
  if (std::all_of(peers_.begin(), peers_.end(), [](const auto& p) { return p->connected(); }))
    return publish();
  agenda_.at(now + std::chrono::milliseconds(10),
             [this](VirtualTime later) { await_connections(later); });
}

void Meeting::publish() {
  const auto kind = load_.video ? ortc::MediaKind::Video : ortc::MediaKind::Audio;
  for (const Client& client : clients_) {
    if (!client.publishes) continue;
    const auto& parameters = produced_[producers_.size()];
    producers_.push_back(ProducerId::random(random_));
    post(core::CreateProducer{.transport = client.transport,
                              .producer = producers_.back(),
                              .kind = kind,
                              .parameters = parameters.own,
                              .mapping = parameters.mapping});
  }
  for (const Client& client : clients_)
    if (!client.publishes) view(client);
  then(&Meeting::start);
}

void Meeting::view(const Client& viewer) {
  const std::size_t first = viewer.room_number * load_.publishers;
  for (std::size_t i = first; i < first + load_.publishers; ++i) {
    const Ssrc ssrc = ssrcs_.take();
    const auto parameters = ortc::make_consumer_parameters(
        produced_[i].consumable, ortc::router_capabilities(), std::to_string(i - first), ssrc,
        load_.video ? std::optional(ssrcs_.take()) : std::nullopt);
    SFU_CHECK(parameters);
    post(core::CreateConsumer{.transport = viewer.transport,
                              .producer = producers_[i],
                              .consumer = ConsumerId::random(random_),
                              .kind = load_.video ? ortc::MediaKind::Video : ortc::MediaKind::Audio,
                              .type = core::ConsumerType::Simple,
                              .parameters = *parameters,
                              .paused = false});
  }
}

void Meeting::start() {
  const VirtualTime now = kernel_.now();
  const auto within = [&](VirtualTime span) {
    return now + VirtualTime(random_.next_u32() % static_cast<std::uint64_t>(span.count()));
  };
  for (Publisher* publisher : publishers_) publisher->start(within(load_.frame_interval));
  for (Viewer* viewer : viewers_) viewer->start_reports(within(std::chrono::seconds(1)));
  agenda_.at(now + kWarmUp, [this](VirtualTime) { begin(); });
  agenda_.at(now + kWarmUp + kMeasured, [this](VirtualTime) { end(); });
}

void Meeting::begin() {
  before_.forwarded = forwarded();
  before_.calls = kernel_.counters();
  measuring_ = true;
  begin_counting();
}

void Meeting::end() {
  end_counting();
  measuring_ = false;
  const VirtualKernel::Counters& after = kernel_.counters();
  const VirtualKernel::Counters& before = before_.calls;
  report_.forwarded = forwarded() - before_.forwarded;
  report_.calls = {.waits = after.waits - before.waits,
                   .wake_ups = after.wake_ups - before.wake_ups,
                   .receive_calls = after.receive_calls - before.receive_calls,
                   .datagrams_received = after.datagrams_received - before.datagrams_received,
                   .send_calls = after.send_calls - before.send_calls,
                   .datagrams_sent = after.datagrams_sent - before.datagrams_sent,
                   .bytes_sent = after.bytes_sent - before.bytes_sent};
  std::sort(delays_.begin(), delays_.end());
  if (!delays_.empty()) {
    report_.delay_p50 = delays_[delays_.size() / 2];
    report_.delay_p99 = delays_[delays_.size() * 99 / 100];
  }
  report_.fault = find_fault();
  kernel_.stop();
  done_.count_down();
}

std::uint64_t Meeting::forwarded() const {
  std::uint64_t packets = 0;
  for (const Viewer* viewer : viewers_) packets += viewer->packets();
  return packets;
}

std::string Meeting::find_fault() const {
  std::uint64_t sent = 0;
  for (const Publisher* publisher : publishers_) sent += publisher->packets_sent() * load_.viewers;
  std::uint64_t faults = 0;
  for (const Viewer* viewer : viewers_) faults += viewer->faults();
  if (faults > 0) return std::to_string(faults) + " packets were lost, repeated or do not decrypt";
  // The last frames may still be on their way.
  if (forwarded() < sent * 9 / 10)
    return std::to_string(forwarded()) + " of " + std::to_string(sent) + " packets arrived";
  if (delays_.empty()) return "no packet was verified";
  return {};
}

void Meeting::note_delay(VirtualTime now, Bytes payload) {
  const auto part = sim::read_picture_part(payload);
  if (!measuring_ || !part || part->stream >= publishers_.size()) return;
  delays_.push_back(now - publishers_[part->stream]->arrival_of(part->frame, part->part));
}

}  // namespace sfu::counts

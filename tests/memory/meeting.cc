#include "meeting.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"
#include "heap_account.h"
#include "media/codec_table.h"
#include "ortc/router_capabilities.h"
#include "rtp/packet_writer.h"
#include "sim/certificates.h"
#include "sim/publisher_parameters.h"
#include "sim/test_picture.h"

namespace sfu::memory {
namespace {

constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};
constexpr std::uint16_t kFirstPort = 1000;

/// Takes what the clients send.
class Outbox final : public sim::Outbox {
 public:
  void send(const Path& path, Bytes datagram) override {
    sent.push_back({{path.remote, path.local, path.protocol}, {datagram.begin(), datagram.end()}});
  }
  std::vector<std::pair<Path, std::vector<std::uint8_t>>> sent;
};

}  // namespace

Meeting::Meeting()
    : server_certificate_(sim::server_certificate()),
      client_certificate_(sim::client_certificate()),
      client_context_(client_certificate_) {
  core::WorkerCore::Config config;
  config.candidates = {kServer};
  config.certificate = &server_certificate_;
  config.ntp = {std::chrono::seconds(3'900'000'000)};
  core_ = std::make_unique<core::WorkerCore>(config, random_);
  router_ = RouterId::random(random_);
  request(core::CreateRouter{router_});
}

core::ReplyValue Meeting::request(core::Command command) {
  {
    const OnAccount on_account;
    core_->handle_command(now_, core::RequestId{++requests_}, std::move(command));
  }
  std::optional<core::ReplyValue> answer;
  while (const auto event = core_->poll_event()) {
    const auto* reply = std::get_if<core::Reply>(&*event);
    if (reply && reply->result) answer = *reply->result;
  }
  SFU_CHECK(answer);
  return *answer;
}

Meeting::Client& Meeting::open() {
  Client& client = clients_.emplace_back();
  client.transport = TransportId::random(random_);
  const auto made =
      std::get<core::TransportCreated>(request(core::CreateTransport{router_, client.transport}));
  const Endpoint at{IpAddress::v4(0x0a010001),
                    static_cast<std::uint16_t>(kFirstPort + clients_.size())};
  client.channel = std::make_unique<sim::PeerChannel>(
      client_context_, at,
      sim::PeerChannel::Remote{kServer, made.ice_username_fragment, made.ice_password,
                               made.fingerprints.front().value},
      random_);
  return client;
}

void Meeting::connect() {
  for (Client& client : clients_) {
    if (client.channel->connected()) continue;
    request(core::ConnectTransport{client.transport,
                                   core::DtlsRole::Client,
                                   {{"sha-256", client_certificate_.sha256_fingerprint()}}});
    client.channel->start(now_);
  }
  const auto all_connected = [&] {
    return std::ranges::all_of(clients_, [](const Client& c) { return c.channel->connected(); });
  };
  while (!all_connected()) run_for(std::chrono::milliseconds(10));
  run_for(std::chrono::seconds(3));
}

Meeting::Published Meeting::publish(Client& client, ortc::MediaKind kind) {
  Published published{
      .id = ProducerId::random(random_), .parameters = {}, .kind = kind, .client = &client};
  auto parameters = sim::publisher_parameters(kind, kind == ortc::MediaKind::Video ? "1" : "0");
  ortc::RtpEncodingParameters encoding;
  encoding.ssrc = ssrcs_.take();
  if (kind == ortc::MediaKind::Video) encoding.rtx_ssrc = ssrcs_.take();
  parameters.encodings.push_back(encoding);
  auto completed = ortc::complete_producer_parameters(kind, parameters, ortc::router_capabilities(),
                                                      "a publisher's cname");
  SFU_CHECK(completed);
  published.parameters = std::move(*completed);
  request(core::CreateProducer{.transport = client.transport,
                               .producer = published.id,
                               .kind = kind,
                               .parameters = published.parameters.own,
                               .mapping = published.parameters.mapping});
  return published;
}

ConsumerId Meeting::view(Client& client, const Published& published) {
  const bool video = published.kind == ortc::MediaKind::Video;
  const Ssrc ssrc = ssrcs_.take();
  const auto rtx = video ? std::optional(ssrcs_.take()) : std::nullopt;
  const auto parameters = ortc::make_consumer_parameters(
      published.parameters.consumable, ortc::router_capabilities(), "7", ssrc, rtx);
  SFU_CHECK(parameters);
  const auto id = ConsumerId::random(random_);
  request(core::CreateConsumer{.transport = client.transport,
                               .producer = published.id,
                               .consumer = id,
                               .kind = published.kind,
                               .type = core::ConsumerType::Simple,
                               .parameters = *parameters});
  return id;
}

void Meeting::resume(ConsumerId consumer) { request(core::ResumeConsumer{consumer}); }

void Meeting::close(TransportId transport) {
  request(core::CloseTransport{transport});
  std::erase_if(clients_, [&](const Client& c) { return c.transport == transport; });
}

void Meeting::send(Published& published) {
  const ortc::RtpParameters& own = published.parameters.own;
  const std::uint16_t number = published.sequence_number++;
  const auto payload = sim::write_picture_part({.picture_id = number,
                                                .is_key_frame = number == 1,
                                                .frame = number,
                                                .part = 0,
                                                .parts = 1,
                                                .size = 1000});
  std::vector<std::uint8_t> packet(rtp::kHeaderRoom);
  std::array<std::uint8_t, 2> transport_number;
  store_be16(transport_number, 0, number);
  const std::array<rtp::HeaderExtension, 1> extensions{
      {{media::extension_map(own).id(rtp::ExtensionKind::TransportCc), transport_number}}};
  const auto size = rtp::write_header({.marker = true,
                                       .payload_type = own.codecs.front().payload_type,
                                       .sequence_number = number,
                                       .timestamp = 3000u * number,
                                       .ssrc = *own.encodings.front().ssrc},
                                      extensions, packet);
  packet.resize(*size);
  packet.insert(packet.end(), payload.begin(), payload.end());
  published.client->channel->send_rtp(packet);
  deliver(*published.client);
  flush();
}

void Meeting::run_for(TimeDelta span) {
  const Timestamp end = now_ + span;
  const auto next_of = [](const Client& client) { return client.channel->next_timeout(); };
  while (now_ < end) {
    Timestamp next = std::min(end, core_->next_timeout().value_or(end));
    for (const Client& client : clients_) next = std::min(next, next_of(client));
    now_ = std::max(now_ + std::chrono::microseconds(1), next);
    for (Client& client : clients_) {
      if (next_of(client) > now_) continue;
      client.channel->handle_timeout(now_);
      deliver(client);
    }
    {
      const OnAccount on_account;
      core_->handle_timeout(now_);
    }
    flush();
  }
}

void Meeting::deliver(Client& client) {
  Outbox outbox;
  client.channel->flush(outbox);
  for (const auto& [path, datagram] : outbox.sent) {
    const OnAccount on_account;
    PacketBuffer buffer = core_->arena().allocate();
    std::ranges::copy(datagram, buffer.room().begin());
    buffer.set_size(datagram.size());
    core_->handle_datagram(now_, path, std::move(buffer));
  }
}

void Meeting::flush() {
  for (bool more = true; more;) {
    {
      const OnAccount on_account;
      core_->flush(now_, sink_);
    }
    while (core_->poll_event()) {
    }
    const auto sent = sink_.take_sent();
    more = !sent.empty();
    for (const auto& [path, datagram] : sent) {
      const auto client = std::ranges::find_if(
          clients_, [&](const Client& c) { return c.channel->local() == path.remote; });
      if (client == clients_.end()) continue;
      (void)client->channel->handle_datagram(now_, {path.remote, path.local, path.protocol},
                                             datagram);
      deliver(*client);
    }
  }
}

}  // namespace sfu::memory

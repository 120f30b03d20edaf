#include "sim/conference.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "media/codec_table.h"
#include "ortc/router_capabilities.h"
#include "sim/certificates.h"
#include "sim/publisher_parameters.h"

namespace sfu::sim {
namespace {

constexpr std::uint16_t kServerPort = 40000;
constexpr std::array<std::string_view, 3> kRids = {"r0", "r1", "r2"};

TimeDelta frame_interval(ortc::MediaKind kind) {
  return std::chrono::milliseconds(kind == ortc::MediaKind::Video ? 50 : 20);
}

core::WorkerCore::Config configure(const Conference::Options& options,
                                   const std::vector<IpAddress>& addresses,
                                   const crypto::Certificate& certificate) {
  core::WorkerCore::Config config = options.limits;
  for (const IpAddress& address : addresses) config.candidates.push_back({address, kServerPort});
  config.certificate = &certificate;
  config.ntp = {std::chrono::seconds(3'900'000'000)};
  return config;
}

/// Of the family that the server speaks.
IpAddress client_address(const IpAddress& server, std::size_t number) {
  if (server.is_v4()) return IpAddress::v4(0x0a010000 + static_cast<std::uint32_t>(number));
  auto bytes = server.bytes();
  bytes[13] = 1;
  store_be16(bytes, 14, static_cast<std::uint16_t>(number));
  return IpAddress::v6(bytes);
}

}  // namespace

Conference::Conference(const Options& options)
    : seed_(options.seed),
      openssl_random_(seed_),
      random_(seed_),
      server_certificate_(server_certificate()),
      client_certificate_(client_certificate()),
      client_context_(client_certificate_),
      network_(seed_) {
  const std::size_t workers = 1 + options.more_workers.size();
  for (std::size_t i = 0; i < workers * workers; ++i)
    links_.push_back(std::make_unique<LinkForTest>());
  for (std::size_t i = 0; i < workers; ++i) add_worker(options, i);
}

void Conference::add_worker(const Options& options, std::size_t index) {
  auto worker = std::make_unique<Worker>();
  worker->addresses = options.server_addresses;
  if (index > 0) worker->addresses = {options.more_workers[index - 1]};
  core::WorkerCore::Config config = configure(options, worker->addresses, server_certificate_);
  const std::size_t workers = 1 + options.more_workers.size();
  std::vector<LinkForTest*> inbound;
  for (std::size_t other = 0; other < workers; ++other) {
    const bool is_own = other == index;
    config.links.push_back(is_own ? nullptr : links_[index * workers + other].get());
    if (!is_own) inbound.push_back(links_[other * workers + index].get());
  }
  worker->core = std::make_unique<core::WorkerCore>(std::move(config), random_);
  worker->host = std::make_unique<ServerHost>(*worker->core, std::move(inbound));
  for (const IpAddress& address : worker->addresses) network_.attach(address, *worker->host);
  workers_.push_back(std::move(worker));
}

Conference::~Conference() = default;

RouterId Conference::open_room() {
  const auto room = RouterId::random(random_);
  for (std::size_t i = 0; i < workers_.size(); ++i) SFU_CHECK(request(i, core::CreateRouter{room}));
  return room;
}

Conference::Member& Conference::join(RouterId room, Publishing publishing, Manner manner) {
  ++joined_;
  const IpAddress address = manner.address.value_or(
      client_address(workers_[manner.worker]->addresses[manner.server_address], joined_));
  auto browser = std::make_unique<Browser>(client_context_, address, seed_ * 1000 + joined_);
  Member& member = *members_.emplace_back(
      std::make_unique<Member>("member " + std::to_string(joined_), room, std::move(browser)));
  member.manner = manner;
  network_.attach(address, *member.browser);
  member.send = TransportId::random(random_);
  member.receive = TransportId::random(random_);
  member.browser->open_send(now(), open_transport(room, member.send, manner));
  member.browser->open_receive(now(), open_transport(room, member.receive, manner));
  if (manner.connects) connect(member);
  for (const auto& other : members_) {
    if (other.get() == &member || other->router != room) continue;
    for (const auto& published : other->producers) view(member, published);
  }
  publish(member, publishing);
  return member;
}

void Conference::publish(Member& member, Publishing publishing) {
  if (publishing.audio) produce(member, ortc::MediaKind::Audio, publishing);
  if (publishing.video) produce(member, ortc::MediaKind::Video, publishing);
}

void Conference::leave(Member& member) {
  for (const auto& published : member.producers) close_pipes(published);
  SFU_CHECK(request(member, core::CloseTransport{member.send}));
  SFU_CHECK(request(member, core::CloseTransport{member.receive}));
  network_.detach(member.browser->address());
  std::vector<ProducerId> closed;
  for (const auto& published : member.producers) closed.push_back(published.id);
  drop_views_of(closed);
  std::erase_if(members_, [&](const auto& candidate) { return candidate.get() == &member; });
}

void Conference::unpublish(Member& member, ProducerId producer) {
  for (const auto& published : member.producers)
    if (published.id == producer) close_pipes(published);
  SFU_CHECK(request(member, core::CloseProducer{producer}));
  std::erase_if(member.producers, [&](const auto& p) { return p.id == producer; });
  drop_views_of({producer});
}

void Conference::drop_views_of(const std::vector<ProducerId>& producers) {
  for (const auto& other : members_) {
    std::erase_if(other->consumers, [&](const Member::Viewed& viewed) {
      const bool gone =
          std::find(producers.begin(), producers.end(), viewed.producer) != producers.end();
      if (gone) other->browser->remove_receiver(viewed.ssrc);
      return gone;
    });
  }
}

void Conference::connect(Member& member) {
  connect(member, client_certificate_.sha256_fingerprint());
}

void Conference::connect(Member& member, const std::string& fingerprint) {
  for (const TransportId transport : {member.send, member.receive})
    SFU_CHECK(request(member, core::ConnectTransport{
                                  transport, core::DtlsRole::Client, {{"sha-256", fingerprint}}}));
}

void Conference::move(Member& member, const IpAddress& address) {
  network_.detach(member.browser->address());
  member.browser->move_to_address(address);
  network_.attach(address, *member.browser);
}

void Conference::swap_addresses(Member& a, Member& b) {
  const IpAddress of_a = a.browser->address();
  const IpAddress of_b = b.browser->address();
  a.browser->move_to_address(of_b);
  b.browser->move_to_address(of_a);
  network_.attach(of_b, *a.browser);
  network_.attach(of_a, *b.browser);
}

void Conference::move_to_server_address(Member& member, std::size_t server_address,
                                        const IpAddress& address) {
  const Worker& worker = *workers_[member.manner.worker];
  member.browser->talk_to({worker.addresses[server_address], kServerPort});
  move(member, address);
}

void Conference::restart_ice(Member& member, TimeDelta signaling) {
  const auto send = request(member, core::RestartIce{member.send});
  const auto receive = request(member, core::RestartIce{member.receive});
  SFU_CHECK(send && receive);
  if (signaling > TimeDelta{}) run_for(signaling);
  const auto& for_send = std::get<core::IceRestarted>(*send);
  const auto& for_receive = std::get<core::IceRestarted>(*receive);
  member.browser->restart_send(for_send.ice_username_fragment, for_send.ice_password);
  member.browser->restart_receive(for_receive.ice_username_fragment, for_receive.ice_password);
}

const Conference::Member::Published& Conference::published(const Member& publisher,
                                                           ortc::MediaKind kind) {
  const auto found = std::find_if(publisher.producers.begin(), publisher.producers.end(),
                                  [&](const auto& p) { return p.kind == kind; });
  SFU_CHECK(found != publisher.producers.end());
  return *found;
}

Conference::Member::Viewed& Conference::viewed(Member& viewer, const Member& publisher,
                                               ortc::MediaKind kind) {
  const ProducerId id = published(publisher, kind).id;
  const auto found = std::find_if(viewer.consumers.begin(), viewer.consumers.end(),
                                  [&](const auto& v) { return v.producer == id; });
  SFU_CHECK(found != viewer.consumers.end());
  return *found;
}

StreamSender& Conference::video_sender(Member& member, std::uint8_t layer) {
  for (StreamSender& sender : member.browser->senders())
    if (sender.options().is_video && sender.options().stream == layer) return sender;
  SFU_CHECK(false && "no such layer");
}

StreamSender& Conference::audio_sender(Member& member) {
  for (StreamSender& sender : member.browser->senders())
    if (!sender.options().is_video) return sender;
  SFU_CHECK(false && "no audio");
}

PeerChannel::Remote Conference::open_transport(RouterId room, TransportId transport,
                                               const Manner& manner) {
  const auto reply = request(manner.worker, core::CreateTransport{room, transport});
  SFU_CHECK(reply);
  const auto& created = std::get<core::TransportCreated>(*reply);
  return {{workers_[manner.worker]->addresses[manner.server_address], kServerPort},
          created.ice_username_fragment,
          created.ice_password,
          created.fingerprints.front().value};
}

void Conference::produce(Member& member, ortc::MediaKind kind, const Publishing& publishing) {
  const bool video = kind == ortc::MediaKind::Video;
  const std::size_t layers = video ? publishing.simulcast_layers : 1;
  const std::string mid = std::to_string(member.next_mid++);
  ortc::RtpParameters parameters = publisher_parameters(kind, mid, publishing.video_codec);
  std::vector<StreamSender::Options> senders;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    StreamSender::Options options;
    options.is_video = video;
    options.ssrc = ssrcs_.take();
    if (video) options.rtx_ssrc = ssrcs_.take();
    options.payload_type = parameters.codecs[0].payload_type;
    options.rtx_payload_type = video ? parameters.codecs[1].payload_type : std::uint8_t{0};
    options.mid = mid;
    options.stream = static_cast<std::uint8_t>(layer);
    options.packets_per_frame =
        video ? publishing.packets_per_frame + static_cast<int>(2 * layer) : 1;
    options.frame_interval = frame_interval(kind);
    options.clock_rate = video ? 90'000 : 48'000;
    options.first_sequence_number = static_cast<std::uint16_t>(random_.next_u32() & 0x7fff);
    options.first_timestamp = random_.next_u32();
    options.extensions = media::extension_map(parameters);
    ortc::RtpEncodingParameters encoding;
    if (layers > 1) {
      options.rid = kRids[layer];
      encoding.rid = options.rid;
    } else {
      encoding.ssrc = options.ssrc;
      encoding.rtx_ssrc = options.rtx_ssrc;
    }
    parameters.encodings.push_back(encoding);
    senders.push_back(std::move(options));
  }
  auto completed = ortc::complete_producer_parameters(kind, parameters, ortc::router_capabilities(),
                                                      member.name);
  SFU_CHECK(completed);
  const auto id = ProducerId::random(random_);
  SFU_CHECK(request(member, core::CreateProducer{.transport = member.send,
                                                 .producer = id,
                                                 .kind = kind,
                                                 .parameters = completed->own,
                                                 .mapping = completed->mapping}));
  member.producers.push_back({id, std::move(*completed), kind, member.manner.worker});
  for (auto& options : senders) member.browser->add_sender(std::move(options), now());
  for (const auto& other : members_)
    if (other.get() != &member && other->router == member.router)
      view(*other, member.producers.back());
}

void Conference::view(Member& viewer, const Member::Published& published) {
  const bool video = published.kind == ortc::MediaKind::Video;
  const Ssrc ssrc = ssrcs_.take();
  const auto rtx = video ? std::optional(ssrcs_.take()) : std::nullopt;
  const auto parameters =
      ortc::make_consumer_parameters(published.parameters.consumable, ortc::router_capabilities(),
                                     std::to_string(viewer.next_mid++), ssrc, rtx);
  SFU_CHECK(parameters);
  if (published.worker != viewer.manner.worker)
    open_pipe(viewer.router, published, viewer.manner.worker);
  const auto id = ConsumerId::random(random_);
  const auto type = published.parameters.type == ortc::ProducerType::Simulcast
                        ? core::ConsumerType::Simulcast
                        : core::ConsumerType::Simple;
  SFU_CHECK(request(viewer, core::CreateConsumer{.transport = viewer.receive,
                                                 .producer = published.id,
                                                 .consumer = id,
                                                 .kind = published.kind,
                                                 .type = type,
                                                 .parameters = *parameters}));
  StreamReceiver& receiver = viewer.browser->add_receiver(
      {.is_video = video,
       .ssrc = ssrc,
       .rtx_ssrc = rtx,
       .payload_type = parameters->codecs[0].payload_type,
       .rtx_payload_type = video ? parameters->codecs[1].payload_type : std::uint8_t{0},
       .mid = *parameters->mid,
       .mid_id = media::extension_map(*parameters).id(rtp::ExtensionKind::Mid),
       .clock_rate = video ? 90'000u : 48'000u,
       .frame_interval = frame_interval(published.kind)});
  viewer.consumers.push_back({id, published.id, ssrc, published.kind, &receiver});
  if (viewer.manner.resumes) SFU_CHECK(request(viewer, core::ResumeConsumer{id}));
}

void Conference::open_pipe(RouterId room, const Member::Published& published, std::size_t worker) {
  const auto [entry, is_new] = pipes_.try_emplace({published.id, worker});
  if (!is_new) return;
  entry->second = {pipes_opened_++, 0};
  SFU_CHECK(request(worker, core::CreateRemoteProducer{.router = room,
                                                       .producer = published.id,
                                                       .pipe = entry->second,
                                                       .from_worker = published.worker,
                                                       .kind = published.kind,
                                                       .parameters = published.parameters.own,
                                                       .mapping = published.parameters.mapping}));
  SFU_CHECK(request(published.worker, core::OpenPipe{entry->second, published.id, worker}));
}

void Conference::close_pipes(const Member::Published& published) {
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    const auto pipe = pipes_.find({published.id, worker});
    if (pipe == pipes_.end()) continue;
    SFU_CHECK(request(published.worker, core::ClosePipe{pipe->second}));
    SFU_CHECK(request(worker, core::CloseRemoteProducer{published.id}));
    pipes_.erase(pipe);
  }
}

Result<core::ReplyValue, core::CommandError> Conference::request(std::size_t worker,
                                                                 core::Command command) {
  const core::RequestId id{next_request_++};
  core::WorkerCore& core = *workers_[worker]->core;
  core.handle_command(now(), id, std::move(command));
  std::optional<Result<core::ReplyValue, core::CommandError>> answer;
  while (auto event = core.poll_event()) {
    if (auto* reply = std::get_if<core::Reply>(&*event)) {
      SFU_CHECK(reply->request == id && !answer);
      answer = std::move(reply->result);
    } else {
      events_.push_back(std::move(*event));
    }
  }
  SFU_CHECK(answer);
  return *answer;
}

void Conference::collect_events() {
  for (const auto& worker : workers_)
    while (auto event = worker->core->poll_event()) events_.push_back(std::move(*event));
}

std::vector<std::string> Conference::complaints() const {
  std::vector<std::string> all;
  for (const auto& member : members_)
    for (const StreamReceiver& receiver : member->browser->receivers())
      for (const std::string& complaint : receiver.complaints())
        all.push_back(member->name + ", " + complaint);
  return all;
}

core::WorkerStats Conference::worker_stats(std::size_t worker) {
  return std::get<core::WorkerStats>(*request(worker, core::GetWorkerStats{}));
}

core::TransportStats Conference::transport_stats(TransportId transport) {
  for (std::size_t worker = 0; worker < workers_.size(); ++worker)
    if (const auto reply = request(worker, core::GetTransportStats{transport}))
      return std::get<core::TransportStats>(*reply);
  SFU_CHECK(false && "no such transport");
}

std::vector<std::string> Conference::diagnostics() {
  std::vector<std::string> lines;
  for (const core::Event& event : events())
    if (const auto* diagnostic = std::get_if<core::Diagnostic>(&event))
      lines.push_back(diagnostic->text);
  return lines;
}

}  // namespace sfu::sim

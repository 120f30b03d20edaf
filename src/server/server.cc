#include "server/server.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "crypto/random.h"
#include "io/clock.h"
#include "io/network_interfaces.h"
#include "io/processors.h"
#include "server/apply_limits.h"
#include "server/candidates.h"
#include "srtp/cipher_backend.h"

namespace sfu::server {
namespace {

/// From the end of a drain to the process's end.
constexpr TimeDelta kLongestEnd = std::chrono::seconds(10);

/// Seconds from 1900 to 1970 (RFC 868).
constexpr TimeDelta kNtpEpoch = std::chrono::seconds(2'208'988'800);

rtp::NtpClock ntp_clock() {
  return {kNtpEpoch + TimeDelta(io::wall_clock_us()) - io::monotonic_now().time_since_epoch()};
}

signaling::auth::UnixSeconds unix_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(TimeDelta(io::wall_clock_us()));
}

Result<std::vector<signaling::auth::TokenVerifier>, std::string> token_verifiers(
    const Settings& settings) {
  std::vector<signaling::auth::TokenVerifier> verifiers;
  if (!settings.jwt_secret.empty())
    verifiers.push_back(signaling::auth::TokenVerifier::with_secret(settings.jwt_secret));
  if (!settings.jwt_public_key_pem.empty()) {
    auto verifier = signaling::auth::TokenVerifier::with_public_key(settings.jwt_public_key_pem);
    if (!verifier) return fail("JWT_PUBLIC_KEY: " + verifier.error());
    verifiers.push_back(std::move(*verifier));
  }
  return verifiers;
}

std::vector<Endpoint> local_endpoints(const auto& sockets) {
  std::vector<Endpoint> endpoints;
  for (const auto& socket : sockets) endpoints.push_back(socket.local());
  return endpoints;
}

std::vector<worker::StreamListeners> bind_tcp(const Settings& settings,
                                              std::span<const worker::ListenSockets> udp) {
  if (!settings.enable_tcp) return std::vector<worker::StreamListeners>(udp.size());
  std::vector<std::uint16_t> ports;
  for (const worker::ListenSockets& sockets : udp) ports.push_back(sockets.front().local().port);
  return worker::bind_stream_listeners(
      settings.media_listen_ips, {settings.media_min_port, settings.media_max_port}, ports,
      settings.port != 0 ? std::optional(settings.port) : std::nullopt);
}

void log_listening(Logger& log, std::size_t worker, std::span<const Endpoint> udp,
                   std::span<const Endpoint> tcp, bool tcp_wanted) {
  for (const Endpoint& endpoint : udp)
    log.info("worker listens", {{"worker", worker}, {"udp", endpoint.to_string()}});
  for (const Endpoint& endpoint : tcp)
    log.info("worker listens", {{"worker", worker}, {"tcp", endpoint.to_string()}});
  if (tcp_wanted && tcp.empty())
    log.warn(
        "no free TCP port for a worker in MEDIASOUP_MIN_PORT to MEDIASOUP_MAX_PORT: its clients "
        "have UDP alone",
        {{"worker", worker}});
}

void warn_of_small_buffers(Logger& log, const io::UdpSocket& socket) {
  const int given = socket.buffer_bytes();
  if (given >= io::UdpSocket::kBufferBytes) return;
  log.warn(
      "the kernel gave less buffer than was asked for: bursts may be lost; raise "
      "net.core.rmem_max and net.core.wmem_max, or grant CAP_NET_ADMIN",
      {{"udp", socket.local().to_string()},
       {"bytes", given},
       {"asked", io::UdpSocket::kBufferBytes}});
}

}  // namespace

Result<std::unique_ptr<Server>, std::string> Server::start(const Settings& settings,
                                                           boost::asio::io_context& context) {
  std::unique_ptr<Server> server(
      new Server(settings, context, std::make_unique<crypto::SystemRandom>()));
  if (auto started = server->start_workers(); !started) return fail(std::move(started.error()));
  if (auto started = server->start_service(); !started) return fail(std::move(started.error()));
  if (auto listening = server->listen(); !listening) return fail(std::move(listening.error()));
  server->notice_.ready();
  return server;
}

Server::Server(const Settings& settings, boost::asio::io_context& context,
               std::unique_ptr<RandomSource> random)
    : settings_(settings),
      context_(context),
      random_(std::move(random)),
      notice_(settings.notify_socket),
      service_log_("service", settings.log_level),
      media_log_("media", settings.media_log_level),
      certificate_(crypto::Certificate::generate()),
      expiry_timer_(context),
      links_(settings.num_workers) {}

Server::~Server() {
  workers_.clear();  // Their threads end before what they deliver to.
}

Result<void, std::string> Server::start_workers() {
  auto sockets = worker::bind_listen_sockets(settings_.media_listen_ips,
                                             {settings_.media_min_port, settings_.media_max_port},
                                             settings_.num_workers);
  if (!sockets) return fail(std::move(sockets.error()));
  auto listeners = bind_tcp(settings_, *sockets);
  const bool segmentation = io::kernel_has_segmentation();
  service_log_.info(segmentation ? "the kernel cuts groups into datagrams (UDP GSO)"
                                 : "the kernel has no UDP GSO: each datagram leaves by itself");
  service_log_.info("media is encrypted", {{"by", srtp::make_cipher_backend()->name()}});
  for (std::size_t index = 0; index < sockets->size(); ++index) {
    worker::ListenSockets& udp = (*sockets)[index];
    worker::StreamListeners& tcp = listeners[index];
    const auto udp_at = local_endpoints(udp), tcp_at = local_endpoints(tcp);
    auto config = worker_config(index, udp_at, tcp_at);
    if (!config) return fail(std::move(config.error()));
    config->segmentation = segmentation;
    log_listening(service_log_, index, udp_at, tcp_at, settings_.enable_tcp);
    for (const io::UdpSocket& socket : udp) warn_of_small_buffers(media_log_, socket);
    workers_.push_back(std::make_unique<worker::WorkerThread>(
        std::move(*config), std::move(udp), std::make_unique<crypto::SystemRandom>(),
        [this, index](std::vector<core::Event> events) { deliver(index, std::move(events)); },
        std::move(tcp)));
  }
  if (settings_.pin_workers) pin_workers();
  return {};
}

/// `udp`, `tcp`: where the worker listens.
Result<worker::WorkerThread::Config, std::string> Server::worker_config(
    std::size_t index, std::span<const Endpoint> udp, std::span<const Endpoint> tcp) {
  const auto machine = io::machine_addresses();
  const bool clients_are_local = settings_.listen_ip && settings_.listen_ip->is_loopback();
  const auto announced = [&](std::span<const Endpoint> listening) {
    return announce(listening, settings_.media_announced_ip, machine, clients_are_local);
  };
  Announcement announcement = announced(udp);
  if (announcement.candidates.empty())
    return fail(
        std::string("MEDIASOUP_LISTEN_IP: this machine has no address of that family "
                    "to announce; set MEDIASOUP_ANNOUNCED_IP"));
  if (announcement.are_of_another_family && index == 0)
    media_log_.warn(
        "MEDIASOUP_ANNOUNCED_IP is of another family than every address of MEDIASOUP_LISTEN_IP: "
        "clients reach it only where something translates between them");
  worker::WorkerThread::Config config;
  config.index = static_cast<unsigned>(index);
  config.core.candidates = std::move(announcement.candidates);
  config.core.tcp_candidates = announced(tcp).candidates;
  config.core.candidates_are_local = announcement.are_local;
  config.core.certificate = &certificate_;
  config.core.ntp = ntp_clock();
  config.core.links = links_.writers(index);
  if (settings_.num_workers > 1) config.links = &links_;
  return config;
}

/// From a worker's thread to the service's.
void Server::deliver(std::size_t worker, std::vector<core::Event> events) {
  boost::asio::post(context_, [this, worker, events = std::move(events)]() mutable {
    for (core::Event& event : events) service_->handle_worker_event(worker, std::move(event));
  });
}

/// Each worker to a processor of its own, as long as there are enough of them.
void Server::pin_workers() {
  const std::vector<int> processors = io::usable_processors();
  for (std::size_t index = 0; index < workers_.size() && !processors.empty(); ++index) {
    const int processor = processors[index % processors.size()];
    if (workers_[index]->pin(processor))
      service_log_.info("worker pinned", {{"worker", index}, {"processor", processor}});
    else
      media_log_.warn("worker cannot be pinned", {{"worker", index}, {"processor", processor}});
  }
}

Result<void, std::string> Server::start_service() {
  signaling::Options signaling_options;
  signaling_options.cors_origins = settings_.cors_origins;
  apply_limits(settings_.limits, signaling_options);
  signaling_options.on_refused = [this](signaling::Refusal refusal, const IpAddress& client,
                                        std::string_view what) {
    if (service_) service_->note_refusal(refusal, client, what);
  };
  const TimeDelta grace = std::chrono::seconds(settings_.reconnect_grace_seconds);
  signaling_options.recovery_window = grace;
  gateway_ = std::make_unique<signaling::Gateway>(context_, std::move(signaling_options), *random_);

  service::Options options;
  auto verifiers = token_verifiers(settings_);
  if (!verifiers) return fail(std::move(verifiers.error()));
  options.token_verifiers = std::move(*verifiers);
  options.admin_token = settings_.admin_token;
  options.ice_servers = {settings_.ice_servers, settings_.turn_secret,
                         std::chrono::seconds(settings_.turn_ttl_seconds)};
  options.clock = io::monotonic_now;
  options.unix_time = unix_time;
  apply_limits(settings_.limits, options);
  options.reconnect_grace = grace;
  options.placement_margin = static_cast<double>(settings_.spread_margin) / 100;
  std::vector<worker::WorkerPort*> ports;
  for (const auto& worker : workers_) ports.push_back(worker.get());
  service_ = std::make_unique<service::MediasoupServer>(std::move(options), context_.get_executor(),
                                                        gateway_->add_socketio(), ports,
                                                        service_log_, media_log_, *random_);
  add_routes();
  if (settings_.limits.disconnect_expired) watch_expiry();
  ending_ = std::make_unique<Ending>(context_, *service_, *gateway_, service_log_,
                                     std::chrono::seconds(settings_.drain_seconds));
  watchman_ = std::make_unique<Watchman>(context_, *service_, notice_, service_log_);
  return {};
}

/// Tokens expire at whole seconds, of a clock that may be set.
void Server::watch_expiry() {
  expiry_timer_.expires_after(std::chrono::seconds(1));
  expiry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    service_->disconnect_expired();
    watch_expiry();
  });
}

void Server::add_routes() {
  gateway_->add_route("/health", [this](const HttpRequest& request, signaling::Responder respond) {
    service_->handle_health(request, std::move(respond));
  });
  gateway_->add_route("/stats", [this](const HttpRequest& request, signaling::Responder respond) {
    service_->handle_stats(request, std::move(respond));
  });
  gateway_->add_route("/metrics", [this](const HttpRequest& request, signaling::Responder respond) {
    service_->handle_metrics(request, std::move(respond));
  });
  if (settings_.demo) {
    demo_tokens_ = std::make_unique<DemoTokens>(settings_.jwt_secret, *random_);
    gateway_->add_post_route(
        "/demo/token", [this](const HttpRequest& request, const signaling::Responder& respond) {
          respond(demo_tokens_->handle(request, unix_time()));
        });
  }
  if (!settings_.demo_dir.empty()) gateway_->serve_files(settings_.demo_dir);
}

/// A connection is a descriptor; so are files, media sockets and the mailboxes of the workers.
void Server::provide_descriptors() {
  constexpr std::size_t kOfEachWorker = 16;
  constexpr std::size_t kOthers = 128;
  const std::size_t wanted = tcp_connections(settings_.limits);
  const std::size_t others = kOthers + kOfEachWorker * settings_.num_workers;
  const std::size_t given = raise_open_files(wanted, others);
  if (given >= settings_.limits.max_connections + others) return;
  service_log_.info(
      "fewer files may be open than MAX_CONNECTIONS needs: raise the limit (ulimit -n)",
      {{"open_files", given}, {"max_connections", settings_.limits.max_connections}});
}

Result<void, std::string> Server::listen() {
  provide_descriptors();
  if (settings_.listen_ip) {
    auto bound = gateway_->listen({*settings_.listen_ip, settings_.port});
    if (!bound) return fail(std::move(bound.error()));
    http_ = *bound;
    return {};
  }
  // "::" takes IPv4 as well. A machine may have IPv6 switched off: that is no reason not to serve
  // IPv4.
  auto bound = gateway_->listen({IpAddress(), settings_.port});
  if (!bound) bound = gateway_->listen({IpAddress::v4(0), settings_.port});
  if (!bound) return fail(std::move(bound.error()));
  http_ = *bound;
  return {};
}

std::string Server::join_link() const {
  if (settings_.demo_dir.empty()) return {};
  const bool local = http_.ip.is_unspecified() || http_.ip.is_loopback();
  const std::string host = local ? "localhost:" + std::to_string(http_.port) : http_.to_string();
  return "http://" + host + "/";
}

bool Server::listens_beyond_loopback() const { return !http_.ip.is_loopback(); }

void Server::end(Shutdown::Wish wish, std::function<void()> ended) {
  notice_.stopping(std::chrono::seconds(settings_.drain_seconds) + kLongestEnd);
  ending_->begin(wish, std::move(ended));
}

}  // namespace sfu::server

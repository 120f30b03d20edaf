#include "signaling/gateway.h"

#include <boost/asio/post.hpp>

#include "io/clock.h"
#include "signaling/http/client_address.h"

namespace sfu::signaling {

namespace {

io::HttpLimits limits_of(const Options& options) {
  io::HttpLimits limits;
  limits.max_connections = options.max_connections;
  limits.max_body_bytes = options.max_payload;
  limits.max_message_bytes = options.max_payload;
  limits.max_queued_bytes = options.max_queued_bytes;
  limits.max_unfinished_bytes = options.max_unfinished_bytes;
  limits.max_untaken_bytes = options.max_untaken_bytes;
  limits.address_bytes = options.address_bytes;
  limits.max_queued_time = options.max_queued_time;
  limits.max_connections_per_address = options.max_connections_per_address;
  limits.proxies = options.trusted_proxies;
  limits.header_timeout = options.header_timeout;
  limits.body_timeout = options.body_timeout;
  return limits;
}

HttpResponse not_found() { return {404, "application/json", R"({"error":"Not found"})", {}}; }

/// Nothing where a status is no refusal: somebody asked for what is not there.
std::optional<Refusal> refusal_of(int status) {
  switch (status) {
    case 403: return Refusal::ForeignOrigin;
    case 404: return std::nullopt;
    case 408: return Refusal::SlowRequest;
    case 429: return Refusal::TooMany;
    default: return Refusal::BadRequest;
  }
}

}  // namespace

struct Gateway::Mount {
  Mount(std::string p, const Options& options, RandomSource& random)
      : path(std::move(p)), transport(options, random) {}

  /// Whether `request_path` is this path, with or without its last slash.
  bool serves(std::string_view request_path) const {
    return request_path == path ||
           request_path == std::string_view(path).substr(0, path.size() - 1);
  }
  std::optional<Timestamp> next_timeout() const {
    const auto own = transport.next_timeout();
    const auto above = socketio ? socketio->next_timeout() : std::nullopt;
    if (!own || !above) return own ? own : above;
    return std::min(*own, *above);
  }

  const std::string path;  // Ends with a slash.
  engineio::Server transport;
  std::unique_ptr<socketio::Server> socketio;
  EngineIoHandler handler;  // Where there is no Socket.IO.
};

Gateway::Gateway(boost::asio::io_context& context, Options options, RandomSource& random)
    : context_(context),
      options_(std::move(options)),
      random_(random),
      cors_(options_.cors_origins),
      server_(context, limits_of(options_), *this),
      timer_(context) {}

Gateway::~Gateway() = default;

Gateway::Mount& Gateway::add_mount(std::string path) {
  if (!path.ends_with('/')) path += '/';
  mounts_.push_back(std::make_unique<Mount>(std::move(path), options_, random_));
  mounts_.back()->transport.set_wake([this] { schedule_pump(); });
  return *mounts_.back();
}

socketio::Server& Gateway::add_socketio(std::string path) {
  Mount& mount = add_mount(std::move(path));
  mount.socketio =
      std::make_unique<socketio::Server>(options_, mount.transport, random_, server_.unfinished());
  return *mount.socketio;
}

void Gateway::add_engineio(std::string path, EngineIoHandler handler) {
  add_mount(std::move(path)).handler = std::move(handler);
}

void Gateway::add_route(std::string path, RouteHandler handler) {
  routes_.insert_or_assign(std::move(path), std::move(handler));
}

void Gateway::add_post_route(std::string path, RouteHandler handler) {
  post_routes_.insert_or_assign(std::move(path), std::move(handler));
}

void Gateway::serve_files(std::filesystem::path directory) { files_.emplace(directory); }

Result<Endpoint, std::string> Gateway::listen(const Endpoint& endpoint) {
  return server_.listen(endpoint);
}

void Gateway::stop(std::function<void()> ended) {
  stopped_ = true;
  timer_.cancel();
  for (const auto& mount : mounts_) mount->transport.close_polling();
  pump();  // What was emitted before goes out first.
  server_.stop(std::move(ended));
}

Gateway::Mount* Gateway::mount_at(std::string_view path) {
  for (const auto& mount : mounts_)
    if (mount->serves(path)) return mount.get();
  return nullptr;
}

// ---- From the HTTP server.

HttpHeaders Gateway::headers(const HttpRequest& request) { return cors_.headers(request); }

void Gateway::on_request_head(HttpRequestId id, const HttpRequest& head) {
  if (Mount* mount = mount_at(head.path))
    mount->transport.handle_request_head(io::monotonic_now(), id, head);
}

void Gateway::on_request(HttpRequestId id, HttpRequest request) {
  if (request.method == "OPTIONS") {
    server_.respond(id, cors_.preflight(request));
    return;
  }
  if (Mount* mount = mount_at(request.path)) {
    mount->transport.handle_request(io::monotonic_now(), id, request);
    return;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.method != "POST") {
    server_.respond(id, not_found());
    return;
  }
  const auto& routes = reads ? routes_ : post_routes_;
  if (const auto route = routes.find(request.path); route != routes.end()) {
    route->second(request,
                  [this, id](HttpResponse response) { server_.respond(id, std::move(response)); });
    return;
  }
  auto file = files_ && reads ? files_->find(request) : std::nullopt;
  server_.respond(id, file ? std::move(*file) : not_found());
}

void Gateway::on_request_gone(HttpRequestId id) {
  const Timestamp now = io::monotonic_now();
  for (const auto& mount : mounts_) mount->transport.handle_request_gone(now, id);
}

void Gateway::on_refused(int status, const HttpRequest& request) {
  const auto refusal = refusal_of(status);
  if (!refusal || !options_.on_refused) return;
  const IpAddress client =
      client_address(request.remote.ip, request.headers, options_.trusted_proxies);
  options_.on_refused(*refusal, client, "status " + std::to_string(status));
}

std::optional<HttpResponse> Gateway::on_upgrade(const HttpRequest& request) {
  Mount* mount = mount_at(request.path);
  if (!mount) return not_found();
  if (!cors_.allows_websocket(request))
    return HttpResponse{403, "application/json", R"({"code":4,"message":"Forbidden"})", {}};
  return mount->transport.refuse_upgrade(io::monotonic_now(), request);
}

void Gateway::on_websocket_open(WebSocketId id, const HttpRequest& request) {
  Mount* mount = mount_at(request.path);
  websockets_.emplace(id, mount);
  mount->transport.handle_websocket_open(io::monotonic_now(), id, request);
}

void Gateway::on_websocket_message(WebSocketId id, std::string data, bool binary) {
  websockets_.at(id)->transport.handle_websocket_message(io::monotonic_now(), id, std::move(data),
                                                         binary);
}

void Gateway::on_websocket_closed(WebSocketId id, WebSocketEnd end) {
  Mount* mount = websockets_.extract(id).mapped();
  mount->transport.handle_websocket_closed(io::monotonic_now(), id, end);
}

// ---- Draining the engines.

void Gateway::schedule_pump() {
  if (std::exchange(pump_scheduled_, true)) return;
  boost::asio::post(context_, [this] { pump(); });
}

void Gateway::pump() {
  pump_scheduled_ = false;
  const Timestamp now = io::monotonic_now();
  for (bool busy = true; busy;) {
    busy = false;
    for (const auto& mount : mounts_) {
      busy |= pump_events(*mount, now);
      busy |= pump_outputs(*mount);
    }
  }
  arm_timer();
}

bool Gateway::pump_events(Mount& mount, Timestamp now) {
  bool any = false;
  while (auto event = mount.transport.poll_event()) {
    any = true;
    if (mount.socketio)
      mount.socketio->handle_transport_event(now, std::move(*event));
    else
      mount.handler(mount.transport, std::move(*event));
  }
  return any;
}

bool Gateway::pump_outputs(Mount& mount) {
  bool any = false;
  while (auto output = mount.transport.poll_output()) {
    any = true;
    if (auto* respond = std::get_if<engineio::Respond>(&*output)) {
      server_.respond(respond->request, std::move(respond->response));
    } else if (auto* send = std::get_if<engineio::SendFrame>(&*output)) {
      server_.send(send->websocket, send->frame.data.bytes(), send->frame.binary,
                   send->frame.may_wait ? io::Urgency::Soon : io::Urgency::Now);
    } else {
      server_.close(std::get<engineio::CloseWebSocket>(*output).websocket);
    }
  }
  return any;
}

void Gateway::arm_timer() {
  std::optional<Timestamp> next;
  for (const auto& mount : mounts_)
    if (const auto own = mount->next_timeout(); own && (!next || *own < *next)) next = own;
  if (!next || stopped_ || (armed_ && *armed_ <= *next)) return;
  armed_ = next;
  timer_.expires_after(std::max(*next - io::monotonic_now(), TimeDelta(0)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_.reset();
    const Timestamp now = io::monotonic_now();
    for (const auto& mount : mounts_) {
      mount->transport.handle_timeout(now);
      if (mount->socketio) mount->socketio->handle_timeout(now);
    }
    schedule_pump();
  });
}

}  // namespace sfu::signaling

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/http.h"
#include "base/random.h"
#include "base/result.h"
#include "io/http_server.h"
#include "signaling/engineio/server.h"
#include "signaling/http/cors.h"
#include "signaling/http/static_files.h"
#include "signaling/options.h"
#include "signaling/socketio/server.h"

namespace sfu::signaling {

/// The right to answer one HTTP request once, at once or later. Where the client is gone by then,
/// the answer goes nowhere.
using Responder = std::function<void(HttpResponse)>;
using RouteHandler = std::function<void(const HttpRequest&, Responder)>;
/// It may send at once, by the server that the event is from.
using EngineIoHandler = std::function<void(engineio::Server&, engineio::Event)>;

/// The signaling server's shell on the service thread: one HTTP server, in front of the Engine.IO
/// and Socket.IO engines, the routes and the demo page's files. All of it belongs to the thread
/// that runs `context`.
class Gateway final : private io::HttpHandler {
 public:
  Gateway(boost::asio::io_context& context, Options options, RandomSource& random);
  ~Gateway() override;

  /// Socket.IO, as the service uses it, under `path` ("/socket.io/").
  socketio::Server& add_socketio(std::string path = "/socket.io/");
  /// Engine.IO alone, under `path`: `handler` gets all that its sessions tell.
  void add_engineio(std::string path, EngineIoHandler handler);

  /// GET and HEAD of exactly `path`.
  void add_route(std::string path, RouteHandler handler);
  /// POST of exactly `path`.
  void add_post_route(std::string path, RouteHandler handler);
  /// GET and HEAD of the files below `directory`; "/" is its index.html. Routes come first.
  void serve_files(std::filesystem::path directory);

  /// Listens at `endpoint` (port 0: any) and says where, or why it cannot: "port 3003 is in use".
  Result<Endpoint, std::string> listen(const Endpoint& endpoint);
  /// Accepts no more connections and ends those that there are: a poll that waits is answered, a
  /// WebSocket is closed with 1001 after what was sent before. Clients then come back by
  /// themselves. Calls `ended`, if there is one, when the last connection is gone.
  void stop(std::function<void()> ended = nullptr);

 private:
  /// One path with its engines.
  struct Mount;

  HttpHeaders headers(const HttpRequest& request) override;
  void on_request_head(HttpRequestId id, const HttpRequest& head) override;
  void on_request(HttpRequestId id, HttpRequest request) override;
  void on_request_gone(HttpRequestId id) override;
  void on_refused(int status, const HttpRequest& request) override;
  std::optional<HttpResponse> on_upgrade(const HttpRequest& request) override;
  void on_websocket_open(WebSocketId id, const HttpRequest& request) override;
  void on_websocket_message(WebSocketId id, std::string data, bool binary) override;
  void on_websocket_closed(WebSocketId id, WebSocketEnd end) override;

  Mount& add_mount(std::string path);
  Mount* mount_at(std::string_view path);
  void schedule_pump();
  void pump();
  bool pump_events(Mount& mount, Timestamp now);
  bool pump_outputs(Mount& mount);
  void arm_timer();

  boost::asio::io_context& context_;
  const Options options_;
  RandomSource& random_;
  const CorsPolicy cors_;
  io::HttpServer server_;
  boost::asio::steady_timer timer_;
  std::optional<Timestamp> armed_;  // When the timer goes off; no later than any engine's deadline.
  bool pump_scheduled_ = false;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Mount>> mounts_;
  std::unordered_map<WebSocketId, Mount*> websockets_;
  std::map<std::string, RouteHandler, std::less<>> routes_;
  std::map<std::string, RouteHandler, std::less<>> post_routes_;
  std::optional<StaticFiles> files_;
};

}  // namespace sfu::signaling

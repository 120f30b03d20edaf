#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address_range.h"
#include "base/bytes.h"
#include "base/http.h"
#include "base/result.h"
#include "base/token_bucket.h"
#include "base/unfinished_bytes.h"
#include "base/units.h"

namespace sfu::io {

struct HttpLimits {
  std::size_t max_connections = 20'000;
  std::size_t max_connections_per_address = 20'000;  // See host_of().
  std::vector<AddressRange> proxies;                 // That bound is not for them.
  std::size_t max_header_bytes = 16'384;
  std::size_t max_body_bytes = 1'000'000;
  std::size_t max_message_bytes = 1'000'000;  // of a WebSocket, incoming
  std::size_t max_queued_bytes = 4'000'000;   // for one WebSocket, outgoing
  /// Of all bodies and messages that have not come whole; see UnfinishedBytes.
  std::size_t max_unfinished_bytes = 256'000'000;
  /// Of all answers that their clients have not taken yet.
  std::size_t max_untaken_bytes = 256'000'000;
  /// Pings and pongs (RFC 6455 §5.5) of one WebSocket's peer. Browsers send none by themselves,
  /// other clients one in several seconds.
  Rate control_frames{10, 200};
  /// How fast messages of one WebSocket's peer are read, in bytes; see ReadingPace.
  Rate message_bytes{4e6, 16e6};
  /// The same of all WebSockets and request bodies of one address; proxies are not bounded.
  Rate address_bytes{32e6, 64e6};
  /// From the first byte of a request to the end of its header, for its body, and for writing an
  /// answer. Of a new connection the first begins with its acceptance.
  TimeDelta header_timeout = std::chrono::seconds(20);
  TimeDelta body_timeout = std::chrono::seconds(30);
  TimeDelta answer_timeout = std::chrono::seconds(30);
  /// How long a WebSocket's peer may leave one and the same message waiting.
  TimeDelta max_queued_time = std::chrono::seconds(30);
  /// Between two requests of one connection.
  TimeDelta keep_alive_timeout = std::chrono::seconds(65);
  /// For the peer's part of a WebSocket's close.
  TimeDelta close_timeout = std::chrono::seconds(5);
};

/// When a message of a WebSocket leaves. Those of one WebSocket keep their order.
enum class Urgency : std::uint8_t {
  Now,
  Soon,  // With what comes within 50 ms, in one call of the kernel.
};

/// What the server does with requests. Nothing here is called from within a call to the HttpServer.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  /// What every answer to `request` carries, also one that the server makes by itself (400, 413).
  virtual HttpHeaders headers(const HttpRequest& request) = 0;

  /// The headers of a request with a body have come. Then follows on_request or on_request_gone.
  virtual void on_request_head(HttpRequestId id, const HttpRequest& head) = 0;
  /// To be answered by HttpServer::respond(), now or later.
  virtual void on_request(HttpRequestId id, HttpRequest request) = 0;
  /// The client is gone, or broke off its request; no answer is wanted any more.
  virtual void on_request_gone(HttpRequestId id) = 0;

  /// `request`, of which only its beginning may have come, was answered with a status from 400 to
  /// 499. Or was given up: with 408 where it came, or its answer was taken, too slowly; with 429
  /// where its connection, its body or its answer was more than the bounds of all allow.
  virtual void on_refused(int status, const HttpRequest& request) = 0;

  /// The refusal of a WebSocket upgrade, or nothing to accept it.
  virtual std::optional<HttpResponse> on_upgrade(const HttpRequest& request) = 0;
  virtual void on_websocket_open(WebSocketId id, const HttpRequest& request) = 0;
  virtual void on_websocket_message(WebSocketId id, std::string data, bool binary) = 0;
  /// Comes once for each WebSocket that was opened.
  virtual void on_websocket_closed(WebSocketId id, WebSocketEnd end) = 0;
};

/// HTTP/1.1 and WebSocket (RFC 9112, RFC 6455) over TCP for a handler that knows neither sockets
/// nor the library. Everything runs on the thread of `context`; destroy the server only when that
/// has stopped running. Ids that have ended are ignored.
class HttpServer {
 public:
  HttpServer(boost::asio::io_context& context, const HttpLimits& limits, HttpHandler& handler);
  ~HttpServer();

  /// Listens at `endpoint` and says at which port, or why it cannot: "port 3003 is in use". May be
  /// called for several addresses.
  Result<Endpoint, std::string> listen(const Endpoint& endpoint);
  /// Accepts no more and ends every connection: answers that have been given still go out, each
  /// WebSocket is closed with 1001 after what was sent before, and the handler hears of its end.
  /// What is unanswered is cut. Calls `ended`, if there is one, when the last connection is gone;
  /// each has a bound of its own (HttpLimits).
  void stop(std::function<void()> ended);

  void respond(HttpRequestId id, HttpResponse response);
  void send(WebSocketId id, Bytes data, bool binary, Urgency urgency = Urgency::Now);
  /// Closes with 1000 after what was sent before.
  void close(WebSocketId id);

  std::size_t connection_count() const;

  /// What all connections together may hold of what has not come whole, for those who go on
  /// holding what they were given (HttpLimits::max_unfinished_bytes).
  UnfinishedBytes& unfinished();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sfu::io

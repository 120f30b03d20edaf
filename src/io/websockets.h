#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "io/address_slots.h"
#include "io/http_server.h"
#include "io/shared_bounds.h"

namespace sfu::io {

/// The WebSockets (RFC 6455) that an HttpServer has accepted, each with what is to leave on it.
class WebSockets {
 public:
  /// The references outlive it.
  WebSockets(boost::asio::io_context& context, const HttpLimits& limits, SharedBounds& shared,
             HttpHandler& handler);
  ~WebSockets();

  /// Answers the upgrade and, where that succeeds, tells the handler of it and of all that follows.
  boost::asio::awaitable<void> accept(
      WebSocketId id, boost::beast::tcp_stream stream, AddressSlot slot,
      const boost::beast::http::request<boost::beast::http::string_body>& upgrade,
      const HttpRequest& request);

  void send(WebSocketId id, Bytes data, bool binary, Urgency urgency = Urgency::Now);
  /// Closes with 1000 after what was sent before.
  void close(WebSocketId id);
  /// Closes all with 1001 after what was sent before, and calls `ended` when the last is gone; not
  /// within this call.
  void stop(std::function<void()> ended);

  std::size_t size() const { return peers_.size(); }

 private:
  struct Peer;

  boost::asio::awaitable<void> read(Peer& peer);
  void send_answer(Peer& peer);
  void flush(Peer& peer);
  void defer(Peer& peer);
  void flush_deferred();
  void start_deadline(Peer& peer);
  void watch_writers();
  void cut_slow_readers();
  void send_close(Peer& peer);
  void report_closed(Peer& peer);
  void finish_operation(Peer& peer);

  boost::asio::io_context& context_;
  const HttpLimits limits_;
  SharedBounds& shared_;
  HttpHandler& handler_;
  std::unordered_map<WebSocketId, std::unique_ptr<Peer>> peers_;
  boost::asio::steady_timer deferral_;
  std::vector<WebSocketId> deferred_;  // Have what is to leave when the timer goes off.
  boost::asio::steady_timer slow_readers_;
  bool watching_writers_ = false;
  bool stopped_ = false;
  std::function<void()> ended_;
};

}  // namespace sfu::io

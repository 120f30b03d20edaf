#include "io/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <unordered_map>
#include <vector>

#include "io/address_slots.h"
#include "io/clock.h"
#include "io/http_messages.h"
#include "io/shared_bounds.h"
#include "io/socket_address.h"
#include "io/websockets.h"

namespace sfu::io {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr int kBacklog = 1024;
/// A refused body is read on for so long, or the client would see a reset instead of the refusal.
constexpr std::size_t kMaxDrainBytes = 16 * 1024 * 1024;
constexpr auto kMaxDrainTime = std::chrono::seconds(2);
/// As much of a request as comes with its first byte, most often all.
constexpr std::size_t kFirstRead = 2048;

using RequestParser = http::request_parser<http::string_body>;

/// The peer as it is at accept time; unspecified where it is gone already.
Endpoint remote_of(const tcp::socket& socket) {
  error_code error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  return error ? Endpoint{} : from_sockaddr(*endpoint.data());
}

tcp::endpoint to_asio(const Endpoint& endpoint) {
  if (endpoint.ip.is_v4()) return {asio::ip::address_v4(endpoint.ip.v4_value()), endpoint.port};
  return {asio::ip::address_v6(endpoint.ip.bytes()), endpoint.port};
}

/// An older client does not know 100 Continue (RFC 9110 §10.1.1), and takes a connection as kept
/// only where that is said to it (RFC 9112 §9.3): its connection ends with the answer instead.
bool knows_http_1_1(const http::request<http::string_body>& message) {
  return message.version() >= 11;
}

}  // namespace

class HttpServer::Implementation {
 public:
  Implementation(asio::io_context& context, const HttpLimits& limits, HttpHandler& handler)
      : context_(context),
        limits_(limits),
        handler_(handler),
        slots_(limits.max_connections_per_address, limits.proxies),
        shared_(limits),
        websockets_(context, limits, shared_, handler) {}

  Result<Endpoint, std::string> listen(const Endpoint& endpoint);
  void stop(std::function<void()> ended);
  void respond(HttpRequestId id, HttpResponse response);
  WebSockets& websockets() { return websockets_; }
  UnfinishedBytes& unfinished() { return shared_.unfinished; }
  std::size_t connection_count() const { return connections_.size() + websockets_.size(); }

 private:
  /// One TCP connection while it speaks HTTP.
  struct Connection {
    Connection(std::uint64_t i, const Endpoint& peer, AddressSlot s, tcp::socket socket,
               SharedBounds& shared)
        : id(i),
          remote(peer),
          slot(std::move(s)),
          stream(std::move(socket)),
          pace(stream.get_executor()),
          answered(stream.get_executor()),
          body(shared.unfinished),
          answer(shared.untaken) {}

    const std::uint64_t id;
    const Endpoint remote;
    AddressSlot slot;
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    asio::steady_timer pace;        // Between two reads of a body.
    asio::steady_timer answered;    // Ends when the response is there, or the client is gone.
    UnfinishedBytes::Share body;    // Of the request that is coming.
    UnfinishedBytes::Share answer;  // That is being written.
    std::optional<HttpRequestId> request;
    std::optional<HttpResponse> response;
    bool writing = false;   // An answer.
    bool watching = false;  // A wait for the client's going away is on.
    bool finished = false;  // serve() has returned.
  };

  asio::awaitable<void> accept(tcp::acceptor& acceptor);
  asio::awaitable<void> serve(Connection& connection);
  asio::awaitable<bool> serve_one(Connection& connection, bool first);
  asio::awaitable<bool> wait_for_request(Connection& connection);
  asio::awaitable<bool> read_body(Connection& connection, RequestParser& parser, HttpRequest& head);
  asio::awaitable<void> keep_pace(Connection& connection, std::size_t bytes);
  asio::awaitable<void> wait_for_answer(Connection& connection);
  asio::awaitable<bool> write(Connection& connection, const HttpRequest& request,
                              HttpResponse response, bool keep_alive);
  asio::awaitable<void> refuse(Connection& connection, const HttpRequest& request,
                               HttpResponse response);
  asio::awaitable<void> upgrade(Connection& connection, const RequestParser& parser,
                                const HttpRequest& request);
  void watch(Connection& connection);
  void request_gone(Connection& connection);
  void note_slow(const error_code& error, const HttpRequest& request);
  void release(Connection& connection);
  void tell_if_ended();

  asio::io_context& context_;
  const HttpLimits limits_;
  HttpHandler& handler_;
  AddressSlots slots_;
  SharedBounds shared_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<HttpRequestId, Connection*> requests_;
  WebSockets websockets_;
  std::uint64_t last_id_ = 0;
  bool stopped_ = false;
  bool websockets_ended_ = false;  // After stop().
  std::function<void()> ended_;
};

// ---- Listening.

Result<Endpoint, std::string> HttpServer::Implementation::listen(const Endpoint& endpoint) {
  const tcp::endpoint wanted = to_asio(endpoint);
  auto acceptor = std::make_unique<tcp::acceptor>(context_);
  error_code error;
  const auto step = [&error](auto&& action) {
    if (!error) action();
  };
  acceptor->open(wanted.protocol(), error);
  step([&] { acceptor->set_option(tcp::acceptor::reuse_address(true), error); });
  step([&] {
    // "::" takes IPv4 too; a particular address only its own family.
    if (wanted.protocol() == tcp::v6())
      acceptor->set_option(asio::ip::v6_only(!endpoint.ip.is_unspecified()), error);
  });
  step([&] { acceptor->bind(wanted, error); });
  step([&] { acceptor->listen(kBacklog, error); });
  if (error == asio::error::address_in_use)
    return fail("port " + std::to_string(endpoint.port) + " is in use");
  if (error) return fail("cannot listen at " + endpoint.to_string() + ": " + error.message());

  const Endpoint bound = from_sockaddr(*acceptor->local_endpoint(error).data());
  acceptors_.push_back(std::move(acceptor));
  asio::co_spawn(context_, accept(*acceptors_.back()), asio::detached);
  return bound;
}

asio::awaitable<void> HttpServer::Implementation::accept(tcp::acceptor& acceptor) {
  while (!stopped_) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error == asio::error::operation_aborted || stopped_) break;
    if (error) {
      // Out of descriptors, most likely: the ones in use must end first.
      asio::steady_timer pause(context_, kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    const Endpoint remote = remote_of(socket);
    auto slot = slots_.take(remote.ip);
    if (!slot || connection_count() >= limits_.max_connections) {
      HttpRequest nothing_read;
      nothing_read.remote = remote;
      handler_.on_refused(429, nothing_read);
      continue;
    }
    socket.set_option(tcp::no_delay(true), error);
    const std::uint64_t id = ++last_id_;
    auto owned =
        std::make_unique<Connection>(id, remote, std::move(*slot), std::move(socket), shared_);
    Connection& connection = *owned;
    connections_.emplace(id, std::move(owned));
    asio::co_spawn(context_, serve(connection), asio::detached);
  }
}

void HttpServer::Implementation::stop(std::function<void()> ended) {
  stopped_ = true;
  ended_ = std::move(ended);
  error_code ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  for (const auto& [id, connection] : connections_) {
    if (connection->writing || (connection->request && connection->response)) continue;
    connection->pace.cancel();
    connection->answered.cancel();
    connection->stream.close();
  }
  websockets_.stop([this] {
    websockets_ended_ = true;
    tell_if_ended();
  });
}

void HttpServer::Implementation::tell_if_ended() {
  if (!websockets_ended_ || !connections_.empty() || !ended_) return;
  asio::post(context_, std::exchange(ended_, nullptr));
}

// ---- HTTP.

asio::awaitable<void> HttpServer::Implementation::serve(Connection& connection) {
  for (bool first = true; co_await serve_one(connection, first) && !stopped_;) first = false;
  error_code ignored;
  if (connection.stream.socket().is_open())
    connection.stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
  connection.stream.close();
  connection.finished = true;
  release(connection);
}

void HttpServer::Implementation::release(Connection& connection) {
  if (!connection.finished || connection.watching) return;
  connections_.erase(connection.id);
  tell_if_ended();
}

/// Until the first byte of another request is there.
asio::awaitable<bool> HttpServer::Implementation::wait_for_request(Connection& connection) {
  if (connection.buffer.size() > 0) co_return true;
  connection.stream.expires_after(limits_.keep_alive_timeout);
  auto [error, size] =
      co_await connection.stream.async_read_some(connection.buffer.prepare(kFirstRead), kAwait);
  if (error) co_return false;
  connection.buffer.commit(size);
  co_return true;
}

void HttpServer::Implementation::note_slow(const error_code& error, const HttpRequest& request) {
  if (error == beast::error::timeout) handler_.on_refused(408, request);
}

asio::awaitable<bool> HttpServer::Implementation::serve_one(Connection& connection, bool first) {
  if (!first && !co_await wait_for_request(connection)) co_return false;
  RequestParser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.max_header_bytes));
  parser.body_limit(limits_.max_body_bytes);
  connection.stream.expires_after(limits_.header_timeout);
  auto [error, size] =
      co_await http::async_read_header(connection.stream, connection.buffer, parser, kAwait);
  if (error) {
    note_slow(error, to_request(parser.get(), connection.remote));
    auto answer = parser.got_some() ? answer_to(error) : std::nullopt;
    if (answer)
      co_await refuse(connection, to_request(parser.get(), connection.remote), std::move(*answer));
    co_return false;
  }
  HttpRequest request = to_request(parser.get(), connection.remote);
  if (websocket::is_upgrade(parser.get())) {
    co_await upgrade(connection, parser, request);
    co_return false;
  }

  const HttpRequestId id{++last_id_};
  connection.request = id;
  connection.response.reset();
  if (!parser.is_done()) {
    handler_.on_request_head(id, request);
    if (!co_await read_body(connection, parser, request)) co_return false;
  }
  const bool keep_alive = knows_http_1_1(parser.get()) && parser.get().keep_alive() && !stopped_;
  request.body = std::move(parser.get().body());
  HttpRequest head{request.method, {}, {}, request.headers, {}, request.remote};
  requests_.emplace(id, &connection);
  handler_.on_request(id, std::move(request));
  if (!connection.response) co_await wait_for_answer(connection);
  if (!connection.response) co_return false;
  connection.request.reset();
  HttpResponse response = std::move(*connection.response);
  co_return co_await write(connection, head, std::move(response), keep_alive);
}

asio::awaitable<bool> HttpServer::Implementation::read_body(Connection& connection,
                                                            RequestParser& parser,
                                                            HttpRequest& head) {
  connection.stream.expires_after(limits_.body_timeout);
  if (const auto expect = head.header("expect");
      expect && knows_http_1_1(parser.get()) && equal_ignoring_case(*expect, "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(connection.stream, asio::buffer(kContinue), kAwait);
  }
  parser.eager(true);
  co_await keep_pace(connection, 0);
  std::optional<HttpResponse> answer;
  while (!parser.is_done() && !answer) {
    auto [error, size] =
        co_await http::async_read_some(connection.stream, connection.buffer, parser, kAwait);
    if (error) {
      request_gone(connection);
      note_slow(error, head);
      answer = answer_to(error);
      if (!answer) break;
    } else if (!connection.body.hold(parser.get().body().size())) {
      request_gone(connection);
      answer = json_error(429, "Too much is being sent");
    } else {
      co_await keep_pace(connection, size);
    }
  }
  connection.body.hold(0);
  if (!answer && !parser.is_done()) co_return false;
  if (!answer) co_return true;
  co_await refuse(connection, head, std::move(*answer));
  co_return false;
}

/// After so many bytes of its body. The end of the server ends the pause.
asio::awaitable<void> HttpServer::Implementation::keep_pace(Connection& connection,
                                                            std::size_t bytes) {
  const TimeDelta pause = shared_.pace.charge(monotonic_now(), connection.slot.host(), bytes);
  if (pause == TimeDelta(0) || stopped_) co_return;
  connection.pace.expires_after(pause);
  co_await connection.pace.async_wait(kAwait);
}

asio::awaitable<void> HttpServer::Implementation::wait_for_answer(Connection& connection) {
  connection.stream.expires_never();
  connection.answered.expires_at(asio::steady_timer::time_point::max());
  if (connection.buffer.size() == 0) watch(connection);
  co_await connection.answered.async_wait(kAwait);
  if (!connection.response) request_gone(connection);
}

/// Sees that the client is gone while its request is unanswered, as with a poll.
void HttpServer::Implementation::watch(Connection& connection) {
  if (std::exchange(connection.watching, true)) return;
  connection.stream.socket().async_wait(
      tcp::socket::wait_read, [this, &connection](const error_code& error) {
        connection.watching = false;
        if (connection.finished) return release(connection);
        if (error || !connection.request || connection.response) return;
        error_code read_error;
        char byte;
        connection.stream.socket().non_blocking(true, read_error);
        const std::size_t size = connection.stream.socket().receive(
            asio::buffer(&byte, 1), tcp::socket::message_peek, read_error);
        if (read_error == asio::error::would_block) {
          watch(connection);  // It was woken by the request that is being answered.
        } else if (size == 0) {
          connection.answered.cancel();
        }
      });
}

void HttpServer::Implementation::request_gone(Connection& connection) {
  if (!connection.request) return;
  const HttpRequestId id = *connection.request;
  connection.request.reset();
  requests_.erase(id);
  handler_.on_request_gone(id);
}

void HttpServer::Implementation::respond(HttpRequestId id, HttpResponse response) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  Connection& connection = *found->second;
  requests_.erase(found);
  connection.response = std::move(response);
  connection.answered.cancel();
}

asio::awaitable<bool> HttpServer::Implementation::write(Connection& connection,
                                                        const HttpRequest& request,
                                                        HttpResponse response, bool keep_alive) {
  if (!connection.answer.hold(response.body.size())) {
    handler_.on_refused(429, request);
    response = json_error(503, "Too much waits to be taken");
    keep_alive = false;
  }
  if (response.status >= 400 && response.status < 500)
    handler_.on_refused(response.status, request);
  const bool head_only = request.method == "HEAD";
  auto message = to_message(std::move(response), handler_.headers(request), keep_alive, head_only);

  connection.writing = true;
  connection.stream.expires_after(limits_.answer_timeout);
  http::response_serializer<http::string_body> serializer(message);
  auto [error, size] =
      head_only ? co_await http::async_write_header(connection.stream, serializer, kAwait)
                : co_await http::async_write(connection.stream, serializer, kAwait);
  note_slow(error, request);
  connection.writing = false;
  connection.answer.hold(0);
  co_return !error && keep_alive;
}

asio::awaitable<void> HttpServer::Implementation::refuse(Connection& connection,
                                                         const HttpRequest& request,
                                                         HttpResponse response) {
  co_await write(connection, request, std::move(response), false);
  error_code ignored;
  connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  connection.stream.expires_after(kMaxDrainTime);
  std::vector<char> rest(16 * 1024);
  for (std::size_t total = 0; total < kMaxDrainBytes;) {
    auto [error, size] = co_await connection.stream.async_read_some(asio::buffer(rest), kAwait);
    if (error) break;
    total += size;
  }
}

asio::awaitable<void> HttpServer::Implementation::upgrade(Connection& connection,
                                                          const RequestParser& parser,
                                                          const HttpRequest& request) {
  if (auto refusal = handler_.on_upgrade(request)) {
    co_await write(connection, request, std::move(*refusal), false);
    co_return;
  }
  co_await websockets_.accept(WebSocketId{++last_id_}, std::move(connection.stream),
                              std::move(connection.slot), parser.get(), request);
}

// ---- The public face.

HttpServer::HttpServer(asio::io_context& context, const HttpLimits& limits, HttpHandler& handler)
    : implementation_(std::make_unique<Implementation>(context, limits, handler)) {}
HttpServer::~HttpServer() = default;

Result<Endpoint, std::string> HttpServer::listen(const Endpoint& endpoint) {
  return implementation_->listen(endpoint);
}
void HttpServer::stop(std::function<void()> ended) { implementation_->stop(std::move(ended)); }
void HttpServer::respond(HttpRequestId id, HttpResponse response) {
  implementation_->respond(id, std::move(response));
}
void HttpServer::send(WebSocketId id, Bytes data, bool binary, Urgency urgency) {
  implementation_->websockets().send(id, data, binary, urgency);
}
void HttpServer::close(WebSocketId id) { implementation_->websockets().close(id); }
std::size_t HttpServer::connection_count() const { return implementation_->connection_count(); }
UnfinishedBytes& HttpServer::unfinished() { return implementation_->unfinished(); }

}  // namespace sfu::io

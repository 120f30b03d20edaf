// The WebSockets of the HTTP server with peers that do not hang up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/http_server.h"
#include "tcp_client.h"

namespace sfu::io {
namespace {

using signaling::TcpClient;

/// Welcomes every WebSocket and says nothing.
class Silence final : public HttpHandler {
 public:
  HttpHeaders headers(const HttpRequest&) override { return {}; }
  void on_request_head(HttpRequestId, const HttpRequest&) override {}
  void on_request(HttpRequestId, HttpRequest) override {}
  void on_request_gone(HttpRequestId) override {}
  void on_refused(int, const HttpRequest&) override {}
  std::optional<HttpResponse> on_upgrade(const HttpRequest&) override { return std::nullopt; }
  void on_websocket_open(WebSocketId, const HttpRequest&) override {}
  void on_websocket_message(WebSocketId, std::string, bool) override {}
  void on_websocket_closed(WebSocketId, WebSocketEnd) override {}
};

struct Leaving {
  const char* name;
  std::string_view payload;
  std::uint8_t opcode;
};

class WebSocketClose : public testing::TestWithParam<Leaving> {
 protected:
  static constexpr int kConnections = 20;

  WebSocketClose() {
    HttpLimits limits;
    limits.max_connections = kConnections;
    limits.close_timeout = std::chrono::milliseconds(300);
    server_ = std::make_unique<HttpServer>(context_, limits, handler_);
    port_ = server_->listen({IpAddress::v4(INADDR_LOOPBACK), 0})->port;
    thread_ = std::thread([this] { context_.run(); });
  }
  ~WebSocketClose() override {
    boost::asio::post(context_, [this] { server_->stop(nullptr); });
    thread_.join();
  }

  bool is_let_in() { return TcpClient(port_).upgrade("/").status() == 101; }

  boost::asio::io_context context_{1};
  Silence handler_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_P(WebSocketClose, IsFollowedByTheEndOfAConnectionThatThePeerDoesNotEnd) {
  std::vector<std::unique_ptr<TcpClient>> staying;
  for (int i = 0; i < kConnections; ++i) {
    staying.push_back(std::make_unique<TcpClient>(port_));
    ASSERT_EQ(staying.back()->upgrade("/").status(), 101);
    staying.back()->send_frame(GetParam().payload, GetParam().opcode);
    EXPECT_THAT(staying.back()->frame(), testing::StartsWith("close "));
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool let_in = false;
  while (!let_in && std::chrono::steady_clock::now() < deadline) let_in = is_let_in();
  EXPECT_TRUE(let_in) << "a place is free again";
}

INSTANTIATE_TEST_SUITE_P(Of, WebSocketClose,
                         testing::Values(Leaving{"ThePeer", "\x03\xe8", 8},
                                         Leaving{"OneThatBreaksTheRules", "\xc3\x28", 1}),
                         [](const auto& which) { return std::string(which.param.name); });

}  // namespace
}  // namespace sfu::io

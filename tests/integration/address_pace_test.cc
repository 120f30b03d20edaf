// One address that sends more than it may, over several connections.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "io/http_server.h"
#include "tcp_client.h"

namespace sfu::io {
namespace {

using signaling::TcpClient;

constexpr in_addr_t kElsewhere = INADDR_LOOPBACK + 1;

/// Says back what WebSockets say, and counts what came, of requests too.
class Echo final : public HttpHandler {
 public:
  HttpHeaders headers(const HttpRequest&) override { return {}; }
  void on_request_head(HttpRequestId, const HttpRequest&) override {}
  void on_request(HttpRequestId id, HttpRequest) override {
    ++heard;
    server->respond(id, HttpResponse{200, "text/plain", "ok", {}});
  }
  void on_request_gone(HttpRequestId) override {}
  void on_refused(int, const HttpRequest&) override {}
  std::optional<HttpResponse> on_upgrade(const HttpRequest&) override { return std::nullopt; }
  void on_websocket_open(WebSocketId, const HttpRequest&) override {}
  void on_websocket_message(WebSocketId id, std::string data, bool) override {
    ++heard;
    server->send(id, as_bytes(data), false);
  }
  void on_websocket_closed(WebSocketId, WebSocketEnd) override {}

  HttpServer* server = nullptr;
  std::atomic<int> heard = 0;
};

class AddressPaceTest : public testing::Test {
 protected:
  AddressPaceTest() {
    HttpLimits limits;
    limits.address_bytes = {1, 1000};
    limits.close_timeout = std::chrono::milliseconds(100);
    server_ = std::make_unique<HttpServer>(context_, limits, echo_);
    echo_.server = server_.get();
    port_ = server_->listen({IpAddress::v4(INADDR_LOOPBACK), 0})->port;
    thread_ = std::thread([this] { context_.run(); });
  }
  ~AddressPaceTest() override {
    boost::asio::post(context_, [this] { server_->stop(nullptr); });
    thread_.join();
  }

  std::unique_ptr<TcpClient> connected(in_addr_t from = INADDR_LOOPBACK) {
    auto client = std::make_unique<TcpClient>(port_, 0, from);
    EXPECT_EQ(client->upgrade("/").status(), 101);
    return client;
  }
  void expect_somebody_else_is_heard() {
    const auto other = connected(kElsewhere);
    other->send_frame("hello");
    EXPECT_EQ(other->frame(), "hello");
  }

  boost::asio::io_context context_{1};
  Echo echo_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(AddressPaceTest, WhatAnAddressSendsTooMuchWaitsOnAllItsConnectionsAndOnNobodyElses) {
  const auto one = connected(), two = connected();
  const std::string much(1200, 'x');  // More than there is at once, and read in one go.
  one->send_frame(much);
  EXPECT_EQ(one->frame(), much);
  two->send_frame("once");  // It was being read when the other one was charged.
  EXPECT_EQ(two->frame(), "once");
  const auto three = connected();
  for (const auto* client : {&one, &two, &three}) (*client)->send_frame("again");
  TcpClient poster(port_);
  poster.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nagain");
  expect_somebody_else_is_heard();
  EXPECT_EQ(echo_.heard, 3) << "much, once and hello";
}

TEST_F(AddressPaceTest, ABodyCountsAsAMessageDoes) {
  const std::string much(2000, 'x');
  TcpClient poster(port_);
  poster.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n" + much.substr(0, 1500));
  expect_somebody_else_is_heard();
  poster.send(much.substr(1500));
  expect_somebody_else_is_heard();
  EXPECT_EQ(echo_.heard, 2) << "hello, twice";
}

}  // namespace
}  // namespace sfu::io

#include "load/websocket_client.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sfu::load {
namespace {

/// The nonce of RFC 6455 §1.3 first, then masks of zeros, under which frames can be read.
class ExampleNonce final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    const std::string_view nonce = "the sample nonce";
    std::ranges::fill(out, std::uint8_t{0});
    if (out.size() == nonce.size()) std::ranges::copy(as_bytes(nonce), out.begin());
  }
};

constexpr std::string_view kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
    "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

class WebSocketClientTest : public testing::Test {
 protected:
  std::string take_output() {
    const std::string output(client_.output());
    client_.consume(output.size());
    return output;
  }
  void open() {
    take_output();
    client_.handle_bytes(kAccepted);
  }

  ExampleNonce random_;
  WebSocketClient client_{"example.com:80", "/chat?x=1", random_};
};

TEST_F(WebSocketClientTest, AsksForTheUpgradeAndOpensWhereTheKeyIsAccepted) {
  const std::string request = take_output();
  EXPECT_TRUE(request.starts_with("GET /chat?x=1 HTTP/1.1\r\nHost: example.com:80\r\n")) << request;
  EXPECT_NE(request.find("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), std::string::npos);
  client_.handle_bytes(kAccepted.substr(0, 40));
  EXPECT_EQ(client_.state(), WebSocketClient::State::Opening);
  client_.handle_bytes(kAccepted.substr(40));
  EXPECT_EQ(client_.state(), WebSocketClient::State::Open);
}

TEST_F(WebSocketClientTest, ClosesWhereTheServerRefuses) {
  client_.handle_bytes("HTTP/1.1 403 Forbidden\r\n\r\n");
  EXPECT_EQ(client_.state(), WebSocketClient::State::Closed);
  EXPECT_EQ(client_.reason(), "the server refused the WebSocket: HTTP/1.1 403 Forbidden");
}

TEST_F(WebSocketClientTest, ReadsMessagesOfAnyLengthHoweverTheyAreCut) {
  open();
  const std::string small = "hello";
  const std::string large(70'000, 'x');
  std::string stream = "\x81\x05" + small;
  stream += std::string("\x81\x7f\0\0\0\0\0\x01\x11\x70", 10) + large;
  for (std::size_t at = 0; at < stream.size(); at += 997)
    client_.handle_bytes(std::string_view(stream).substr(at, 997));
  EXPECT_EQ(client_.poll_message(), small);
  EXPECT_EQ(client_.poll_message(), large);
  EXPECT_EQ(client_.poll_message(), std::nullopt);
}

TEST_F(WebSocketClientTest, JoinsFragmentsAroundAPing) {
  open();
  client_.handle_bytes(std::string("\x01\x03one", 5));
  client_.handle_bytes(std::string("\x89\x01?", 3));
  EXPECT_EQ(take_output(), std::string("\x8a\x81\0\0\0\0?", 7));
  client_.handle_bytes(std::string("\x80\x03two", 5));
  EXPECT_EQ(client_.poll_message(), "onetwo");
}

TEST_F(WebSocketClientTest, MasksWhatItSends) {
  open();
  client_.send("hi");
  EXPECT_EQ(take_output(), std::string("\x81\x82\0\0\0\0hi", 8));
  client_.send(std::string(300, 'y'));
  EXPECT_EQ(take_output(), std::string("\x81\xfe\x01\x2c\0\0\0\0", 8) + std::string(300, 'y'));
}

TEST_F(WebSocketClientTest, ClosesWhereTheServerMasksOrCloses) {
  open();
  client_.handle_bytes(std::string("\x88\x00", 2));
  EXPECT_EQ(client_.state(), WebSocketClient::State::Closed);

  WebSocketClient other("h", "/", random_);
  other.handle_bytes(kAccepted);
  other.handle_bytes(std::string("\x81\x81\0\0\0\0a", 7));
  EXPECT_EQ(other.state(), WebSocketClient::State::Closed);
}

}  // namespace
}  // namespace sfu::load

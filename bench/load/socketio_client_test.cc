#include "load/socketio_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace sfu::load {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{1s};

/// The nonce of RFC 6455 §1.3, and masks of zeros: what is sent can be read.
class ExampleNonce final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    const std::string_view nonce = "the sample nonce";
    std::ranges::fill(out, std::uint8_t{0});
    if (out.size() == nonce.size()) std::ranges::copy(as_bytes(nonce), out.begin());
  }
};

class SocketIoClientTest : public testing::Test {
 protected:
  SocketIoClientTest() {
    client_.consume(client_.output().size());
    client_.handle_bytes(kStart,
                         "HTTP/1.1 101 Switching Protocols\r\n"
                         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  }
  void server_says(const std::string& packet, Timestamp now = kStart) {
    ASSERT_LT(packet.size(), 126u);
    client_.handle_bytes(now, "\x81" + std::string(1, static_cast<char>(packet.size())) + packet);
  }
  void connect() {
    server_says("0{}");
    server_says("40{\"sid\":\"x\"}");
    client_.consume(client_.output().size());
  }
  /// The payload of the only frame that waits.
  std::string said() {
    constexpr std::size_t kHeader = 6;  // Of a short frame, with its mask.
    const std::string text(client_.output().substr(kHeader));
    client_.consume(client_.output().size());
    return text;
  }
  void ask(std::string_view reply_event) {
    client_.request(kStart, "ask", boost::json::object{{"a", 1}}, reply_event,
                    [this](Timestamp, const SocketIoClient::Reply& reply) { reply_ = reply; });
  }

  ExampleNonce random_;
  SocketIoClient client_{"localhost", "a.b.c", random_};
  std::optional<SocketIoClient::Reply> reply_;
};

TEST_F(SocketIoClientTest, ConnectsWithItsToken) {
  server_says("0{\"sid\":\"s\"}");
  EXPECT_EQ(said(), "40{\"token\":\"a.b.c\"}");
  EXPECT_EQ(client_.state(), SocketIoClient::State::Connecting);
  server_says("40{\"sid\":\"x\"}");
  EXPECT_EQ(client_.state(), SocketIoClient::State::Connected);
}

TEST_F(SocketIoClientTest, SaysWhyItWasRefused) {
  server_says("44{\"message\":\"Authentication failed\"}");
  EXPECT_EQ(client_.state(), SocketIoClient::State::Closed);
  EXPECT_EQ(client_.reason(), "connect_error: {\"message\":\"Authentication failed\"}");
}

TEST_F(SocketIoClientTest, AnswersHeartbeats) {
  connect();
  server_says("2");
  EXPECT_EQ(said(), "3");
}

TEST_F(SocketIoClientTest, GivesTheAcknowledgementAndHowLongItTook) {
  connect();
  ask("asked");
  EXPECT_EQ(said(), "420[\"ask\",{\"a\":1}]");
  server_says("430[{\"ok\":true,\"b\":2}]", kStart + 7ms);
  ASSERT_TRUE(reply_);
  EXPECT_TRUE(reply_->ok);
  EXPECT_EQ(reply_->fields.at("b"), 2);
  EXPECT_EQ(reply_->elapsed, 7ms);
}

TEST_F(SocketIoClientTest, GivesARefusalWithItsError) {
  connect();
  ask("asked");
  server_says("430[{\"ok\":false,\"error\":{\"code\":\"closed\"}}]");
  ASSERT_TRUE(reply_);
  EXPECT_FALSE(reply_->ok);
  EXPECT_EQ(reply_->error, "{\"code\":\"closed\"}");
}

TEST_F(SocketIoClientTest, TakesTheReplyEventOfAServerThatAcknowledgesNothing) {
  connect();
  ask("asked");
  server_says("42[\"asked\",{\"b\":3}]");
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->fields.at("b"), 3);
  EXPECT_EQ(client_.unanswered(), 0u);
  EXPECT_FALSE(client_.poll_event());
}

TEST_F(SocketIoClientTest, HandsOnEventsThatAnswerNothing) {
  connect();
  server_says("42[\"new-consumer\",{\"c\":4}]");
  const auto event = client_.poll_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->name, "new-consumer");
  EXPECT_EQ(event->payload.at("c"), 4);
}

TEST_F(SocketIoClientTest, PassesOverWhatIsSaidToEverybodyOfEverybody) {
  connect();
  server_says("42[\"participant-joined\",{\"participantId\":\"x\"}]");
  EXPECT_FALSE(client_.poll_event());
}

TEST_F(SocketIoClientTest, ClosesWithTheServer) {
  connect();
  server_says("41");
  EXPECT_EQ(client_.state(), SocketIoClient::State::Closed);
}

}  // namespace
}  // namespace sfu::load

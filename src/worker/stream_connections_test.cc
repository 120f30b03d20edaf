#include "worker/stream_connections.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "ice/lite_agent.h"
#include "ice/scripted_check_for_test.h"
#include "io/stream_client_for_test.h"
#include "stun/message.h"
#include "worker/batch_sender.h"

namespace sfu::worker {
namespace {

using namespace std::chrono_literals;
using io::StreamClient;
using Octets = std::vector<std::uint8_t>;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

class StreamConnectionsTest : public testing::Test {
 protected:
  StreamConnectionsTest() { start({}); }

  void start(const StreamConnections::Limits& limits) {
    auto listener = io::TcpListener::bind({kLoopback, 0});
    server_ = listener->local();
    std::vector<io::TcpListener> listeners;
    listeners.push_back(std::move(*listener));
    streams_.emplace(core_, std::move(listeners), limits);
    sender_.emplace(no_sockets_, *streams_, false);
  }

  core::WorkerCore::Config config() {
    core::WorkerCore::Config config;
    config.candidates = {{kLoopback, 40000}};
    config.certificate = &certificate_;
    return config;
  }
  core::ReplyValue ask(core::Command command) {
    core_.handle_command(now_, {1}, std::move(command));
    std::optional<core::ReplyValue> value;
    while (auto event = core_.poll_event())
      if (auto* reply = std::get_if<core::Reply>(&*event)) value = *reply->result;
    return *value;
  }
  TransportId open_transport() {
    const auto router = RouterId::random(random_);
    ask(core::CreateRouter{router});
    const auto id = TransportId::random(random_);
    const auto created = std::get<core::TransportCreated>(ask(core::CreateTransport{router, id}));
    credentials_ = {created.ice_username_fragment, created.ice_password};
    return id;
  }
  core::TransportStats stats_of(TransportId id) {
    return std::get<core::TransportStats>(ask(core::GetTransportStats{id}));
  }

  /// One turn of a worker's loop, when something has come; false where nothing does.
  bool turn(int wait_ms = 5000) {
    pollfd waiting{*streams_->fd(), POLLIN, 0};
    const bool came = poll(&waiting, 1, wait_ms) == 1;
    streams_->handle_ready(now_);
    sender_->begin(now_);
    core_.flush(now_, *sender_);
    sender_->send();
    streams_->close_released(now_);
    return came;
  }
  /// A client whose first check was answered.
  StreamClient connect() {
    StreamClient client(server_);
    client.send_frame(check());
    while (streams_->counters().packets_sent == answered_ && turn()) {
    }
    ++answered_;
    EXPECT_TRUE(client.receive_frame().has_value());
    return client;
  }
  /// All datagrams that come to `client` until neither end has anything left.
  std::vector<Octets> drain(StreamClient& client) {
    std::vector<Octets> frames;
    for (;;) {
      if (auto frame = client.receive_frame(0))
        frames.push_back(std::move(*frame));
      else if (!turn(100))
        return frames;
    }
  }
  Octets check() { return ice::ScriptedCheck::to(credentials_).numbered(++checks_).encode(); }
  Path path_of(const StreamClient& client) const {
    return {server_, client.local(), IpProtocol::Tcp};
  }
  std::uint64_t open() const { return streams_->counters().connections; }

  Timestamp now_{1000s};
  crypto::SeededRandom random_{1};
  const crypto::Certificate certificate_ = crypto::Certificate::generate();
  core::WorkerCore core_{config(), random_};
  std::vector<io::UdpSocket> no_sockets_;
  std::optional<StreamConnections> streams_;
  std::optional<BatchSender> sender_;
  Endpoint server_;
  ice::Credentials credentials_;
  std::uint64_t answered_ = 0;
  std::uint32_t checks_ = 0;
};

TEST_F(StreamConnectionsTest, AnswersACheckOnTheConnectionThatItCameOn) {
  const TransportId transport = open_transport();
  StreamClient client(server_);
  const Octets first = check();
  client.send_frame(Bytes(first));
  while (streams_->counters().packets_sent == 0 && turn()) {
  }
  const auto answer = client.receive_frame();
  ASSERT_TRUE(answer.has_value());
  const auto message = stun::MessageView::parse(*answer);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->message_class(), stun::Class::SuccessResponse);
  EXPECT_EQ(message->xor_mapped_address(), client.local());
  EXPECT_EQ(stats_of(transport).ice_state, "connected");
  EXPECT_EQ(stats_of(transport).selected_path,
            server_.to_string() + " → " + client.local().to_string() + " tcp");
}

TEST_F(StreamConnectionsTest, AnswersACheckThatArrivesByteByByte) {
  open_transport();
  StreamClient client(server_);
  Octets frame{0, 0};
  const Octets payload = check();
  store_be16(frame, 0, static_cast<std::uint16_t>(payload.size()));
  frame.insert(frame.end(), payload.begin(), payload.end());
  for (const std::uint8_t byte : frame) {
    client.send(Octets{byte});
    ASSERT_TRUE(turn());
  }
  while (streams_->counters().packets_sent == 0 && turn()) {
  }
  EXPECT_TRUE(client.receive_frame().has_value());
}

TEST_F(StreamConnectionsTest, EndsWhatBeginsWithAnythingButAnAuthenticCheck) {
  open_transport();
  ice::ScriptedCheck wrong_password = ice::ScriptedCheck::to(credentials_);
  wrong_password.password = "not the password at all";
  ice::ScriptedCheck stranger = ice::ScriptedCheck::to({"nobody", credentials_.password});
  ice::ScriptedCheck bare = ice::ScriptedCheck::to(credentials_);
  bare.integrity = false;
  const Octets openings[] = {wrong_password.encode(),           stranger.encode(), bare.encode(),
                             Octets{22, 254, 253, 0, 0},        Octets(100, 0x80), Octets{0},
                             Octets(PacketBuffer::kCapacity, 1)};
  std::uint64_t refused = 0;
  for (const Octets& opening : openings) {
    StreamClient client(server_);
    client.send_frame(opening);
    while (streams_->counters().refused == refused && turn()) {
    }
    EXPECT_EQ(streams_->counters().refused, ++refused);
    EXPECT_TRUE(client.is_ended());
    EXPECT_EQ(client.receive_frame(0), std::nullopt);
  }
  EXPECT_EQ(open(), 0u);
}

TEST_F(StreamConnectionsTest, EndsAPeerThatSpeaksHttpAtOnce) {
  StreamClient client(server_);
  client.send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
  while (open() == 0 && streams_->counters().refused == 0 && turn()) {
  }
  while (open() != 0 && turn()) {
  }
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(streams_->counters().refused, 1u);
}

TEST_F(StreamConnectionsTest, LetsAPeerInTheWrongRoleTryAgain) {
  open_transport();
  ice::ScriptedCheck controlled = ice::ScriptedCheck::to(credentials_);
  controlled.controlling.reset();
  controlled.controlled = 7;
  StreamClient client(server_);
  client.send_frame(controlled.encode());
  while (streams_->counters().packets_sent == 0 && turn()) {
  }
  const auto answer = client.receive_frame();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(stun::MessageView::parse(*answer)->message_class(), stun::Class::ErrorResponse);
  client.send_frame(check());
  while (streams_->counters().packets_sent == 1 && turn()) {
  }
  EXPECT_TRUE(client.receive_frame().has_value());
}

TEST_F(StreamConnectionsTest, EndsAConnectionThatProvesNothingInTimeAndNotBefore) {
  const StreamClient silent(server_);
  ASSERT_TRUE(turn());
  ASSERT_EQ(open(), 1u);
  EXPECT_EQ(streams_->next_timeout(), now_ + 5s);
  now_ += 5s - 1us;
  streams_->handle_timeout(now_);
  EXPECT_EQ(open(), 1u);
  now_ += 1us;
  streams_->handle_timeout(now_);
  EXPECT_EQ(open(), 0u);
  EXPECT_EQ(streams_->counters().timed_out, 1u);
  EXPECT_EQ(streams_->next_timeout(), std::nullopt);
}

TEST_F(StreamConnectionsTest, KeepsAProvedConnectionBeyondTheOpeningTime) {
  open_transport();
  const StreamClient client = connect();
  now_ += StreamConnections::kOpeningTime;
  streams_->handle_timeout(now_);
  EXPECT_EQ(open(), 1u);
}

TEST_F(StreamConnectionsTest, LetsTheOldestIdleConnectionGiveWayAndNeverAProvedOne) {
  constexpr std::size_t kUnproven = 256;  // As docs/security.md states.
  open_transport();
  const StreamClient proved = connect();
  std::deque<StreamClient> idle;
  for (std::size_t i = 0; i < kUnproven + 1; ++i) {
    idle.emplace_back(server_);
    while (streams_->counters().accepted < i + 2 && turn()) {
    }
  }
  EXPECT_EQ(open(), 1 + kUnproven);
  EXPECT_EQ(streams_->counters().crowded_out, 1u);
  EXPECT_TRUE(idle.front().is_ended());
  EXPECT_FALSE(idle[1].is_ended(0));
}

TEST_F(StreamConnectionsTest, RefusesMoreThanItsBoundWhereAllAreProved) {
  EXPECT_EQ(StreamConnections::Limits().connections, 4096u) << "docs/security.md states it";
  start({.connections = 2, .unproven = 4});
  open_transport();
  StreamClient a = connect(), b = connect();
  StreamClient late(server_);
  while (streams_->counters().crowded_out == 0 && turn()) {
  }
  EXPECT_TRUE(late.is_ended());
  EXPECT_FALSE(a.is_ended(0));
  EXPECT_EQ(open(), 2u);
}

TEST_F(StreamConnectionsTest, HoldsNoMoreConnectionsForOneTransportThanItHasPaths) {
  open_transport();
  std::deque<StreamClient> clients;
  for (std::size_t i = 0; i < ice::LiteAgent::kMaxPaths + 1; ++i) {
    now_ += 1ms;
    clients.push_back(connect());
  }
  EXPECT_EQ(open(), ice::LiteAgent::kMaxPaths);
  EXPECT_FALSE(clients.back().is_ended(0));
}

TEST_F(StreamConnectionsTest, TellsTheTransportThatItsPathIsLostWhenThePeerCloses) {
  const TransportId transport = open_transport();
  for (const bool by_reset : {false, true}) {
    StreamClient client = connect();
    EXPECT_EQ(stats_of(transport).ice_state, "connected");
    by_reset ? client.reset() : client.close();
    while (open() != 0 && turn()) {
    }
    EXPECT_EQ(stats_of(transport).ice_state, "disconnected");
  }
}

TEST_F(StreamConnectionsTest, TakesAHalfCloseForAnEnd) {
  open_transport();
  StreamClient client = connect();
  client.shut_down_writing();
  while (open() != 0 && turn()) {
  }
  EXPECT_TRUE(client.is_ended());
}

TEST_F(StreamConnectionsTest, EndsTheConnectionWithItsTransport) {
  const TransportId transport = open_transport();
  StreamClient client = connect();
  ask(core::CloseTransport{transport});
  turn(0);
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(open(), 0u);
}

TEST_F(StreamConnectionsTest, EndsTheConnectionWhoseConsentHasEnded) {
  open_transport();
  StreamClient client = connect();
  now_ += 31s;
  core_.handle_timeout(now_);
  turn(0);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(StreamConnectionsTest, DropsWholePacketsForAPeerThatReadsTooSlowly) {
  open_transport();
  StreamClient client = connect();
  Octets packet(1200, 0x80);
  constexpr std::uint64_t kPackets = 20'000;
  for (std::uint64_t i = 0; i < kPackets; ++i) {
    now_ += 1ms;
    streams_->queue(now_, {path_of(client), packet});
    streams_->flush();
  }
  const auto counters = streams_->counters();
  EXPECT_GT(counters.packets_dropped, kPackets / 2);
  const auto arrived = drain(client);
  for (const Octets& frame : arrived) ASSERT_EQ(frame, packet);
  EXPECT_EQ(client.unfinished(), 0u);
  EXPECT_EQ(arrived.size() + streams_->counters().packets_dropped, kPackets);
}

TEST_F(StreamConnectionsTest, GivesASlowPeerFreshMediaAndNotWhatWaitedTooLong) {
  open_transport();
  StreamClient client = connect();
  Octets old(1200, 0x80), fresh(1200, 0x81);
  constexpr std::size_t kPackets = 20'000;
  for (std::size_t i = 0; i < kPackets; ++i) {
    streams_->queue(now_, {path_of(client), old});
    streams_->flush();
  }
  const std::uint64_t dropped = streams_->counters().packets_dropped;
  ASSERT_GT(dropped, 0u) << "the queue is full";
  now_ += 1s;
  streams_->queue(now_, {path_of(client), fresh});
  streams_->flush();
  const auto arrived = drain(client);
  ASSERT_FALSE(arrived.empty());
  EXPECT_EQ(arrived.back(), fresh);
  EXPECT_GT(streams_->counters().packets_dropped, dropped + ice::FrameQueue::kMaxMediaBytes / 1300)
      << "what had waited was left out";
}

TEST_F(StreamConnectionsTest, DropsWhatIsForAConnectionThatIsGone) {
  const Path nowhere{server_, {kLoopback, 1}, IpProtocol::Tcp};
  const Octets packets(250, 0x80);
  streams_->queue(now_, {nowhere, packets, 100});
  streams_->flush();
  EXPECT_EQ(streams_->counters().packets_dropped, 3u);
}

/// As many file descriptors as there are now, until it goes.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(StreamConnectionsTest, RestsFromAcceptingWhereThereAreNoDescriptorsAndGoesOnLater) {
  open_transport();
  StreamClient client(server_);
  {
    const NoMoreDescriptors none;
    ASSERT_TRUE(turn());
    EXPECT_EQ(streams_->counters().accept_failures, 1u);
    EXPECT_FALSE(turn(0)) << "the loop would spin";
  }
  EXPECT_EQ(streams_->next_timeout(), now_ + 200ms);
  now_ += 200ms;
  streams_->handle_timeout(now_);
  client.send_frame(check());
  while (streams_->counters().packets_sent == 0 && turn()) {
  }
  EXPECT_TRUE(client.receive_frame().has_value());
}

TEST_F(StreamConnectionsTest, GivesBackAllBuffersWhenItsConnectionsHaveGone) {
  open_transport();
  {
    StreamClient half(server_);
    half.send(Octets{1, 0, 7});
    while (core_.arena().in_use() == 0 && turn()) {
    }
    EXPECT_EQ(core_.arena().in_use(), 1u);
  }
  while (open() != 0 && turn()) {
  }
  EXPECT_EQ(core_.arena().in_use(), 0u);
}

}  // namespace
}  // namespace sfu::worker

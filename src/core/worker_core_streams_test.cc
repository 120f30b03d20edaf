#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/collecting_sink_for_test.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "ice/scripted_check_for_test.h"

// ICE over TCP as a worker's core sees it: a path that can end.

namespace sfu::core {
namespace {

using namespace std::chrono_literals;

constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};

constexpr Path path(std::uint16_t remote_port, IpProtocol protocol) {
  return {kServer, {IpAddress::v4(0x0a000002), remote_port}, protocol};
}
constexpr Path stream(std::uint16_t remote_port) { return path(remote_port, IpProtocol::Tcp); }

class WorkerCoreStreams : public testing::Test {
 protected:
  WorkerCoreStreams() {
    const auto router = RouterId::random(random_);
    request(CreateRouter{router});
    created_ = std::get<TransportCreated>(request(CreateTransport{router, transport_}));
    check_ = ice::ScriptedCheck::to({created_.ice_username_fragment, created_.ice_password});
  }

  WorkerCore::Config config() {
    WorkerCore::Config config;
    config.candidates = {kServer, {IpAddress::v4(0x0a000003), 40000}};
    config.tcp_candidates = {{kServer.ip, 40001}, {IpAddress::v4(0x0a000003), 40001}};
    config.certificate = &certificate_;
    return config;
  }
  ReplyValue request(Command command) {
    core_.handle_command(now_, {1}, std::move(command));
    std::optional<ReplyValue> value;
    while (auto event = core_.poll_event())
      if (auto* reply = std::get_if<Reply>(&*event)) value = *reply->result;
    return *value;
  }
  PacketBuffer buffer(Bytes bytes) {
    PacketBuffer datagram = core_.arena().allocate();
    std::copy(bytes.begin(), bytes.end(), datagram.room().begin());
    datagram.set_size(bytes.size());
    return datagram;
  }
  StreamOpening open(const Path& on, const ice::ScriptedCheck& check) {
    const auto opening = core_.open_stream(now_, on, buffer(check.numbered(++checks_).encode()));
    core_.flush(now_, sink_);
    return opening;
  }
  void check_on(const Path& on, const ice::ScriptedCheck& check) {
    core_.handle_datagram(now_, on, buffer(check.numbered(++checks_).encode()));
    core_.flush(now_, sink_);
  }
  TransportStats stats() {
    return std::get<TransportStats>(request(GetTransportStats{transport_}));
  }
  bool is_selected(const Path& expected) {
    const char* protocol = expected.protocol == IpProtocol::Tcp ? " tcp" : " udp";
    return stats().selected_path ==
           expected.local.to_string() + " → " + expected.remote.to_string() + protocol;
  }

  crypto::SeededRandom random_{1};
  const crypto::Certificate certificate_ = crypto::Certificate::generate();
  WorkerCore core_{config(), random_};
  Timestamp now_{1000s};
  std::uint32_t checks_ = 0;
  const TransportId transport_ = TransportId::random(random_);
  TransportCreated created_;
  ice::ScriptedCheck check_;
  CollectingSink sink_;
};

TEST_F(WorkerCoreStreams, CandidatesOverTcpComeAfterAllOverUdpAndRankBelowThem) {
  ASSERT_EQ(created_.candidates.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(created_.candidates[i].protocol, i < 2 ? IpProtocol::Udp : IpProtocol::Tcp);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_LT(created_.candidates[i].priority, created_.candidates[i - 1].priority);
    EXPECT_NE(created_.candidates[i].foundation, created_.candidates[i - 1].foundation);
  }
  EXPECT_NE(created_.candidates[2].foundation, created_.candidates[0].foundation);
  EXPECT_EQ(created_.candidates[2].port, 40001);
  EXPECT_EQ(created_.candidates[2].priority, (90u << 24) + ((4u << 13) + 8191u) * 256u + 255u)
      << "RFC 6544 §4.2";
}

TEST_F(WorkerCoreStreams, AStreamIsATransportsPathOnceACheckOnItIsValid) {
  EXPECT_EQ(open(stream(5000), check_.nominating()), StreamOpening::Proved);
  EXPECT_TRUE(is_selected(stream(5000)));
  const auto sent = sink_.take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, stream(5000));
}

TEST_F(WorkerCoreStreams, AStreamThatBeginsWithAnythingElseIsRefused) {
  ice::ScriptedCheck wrong = check_;
  wrong.password = "wrong";
  EXPECT_EQ(open(stream(5000), wrong), StreamOpening::Refused);
  ice::ScriptedCheck stranger = check_;
  stranger.username = "nobody:peer";
  EXPECT_EQ(open(stream(5000), stranger), StreamOpening::Refused);
  ice::ScriptedCheck indication = check_;
  indication.message_class = stun::Class::Indication;
  EXPECT_EQ(open(stream(5000), indication), StreamOpening::Refused);
  const std::uint8_t client_hello[] = {22, 254, 253, 0};
  EXPECT_EQ(core_.open_stream(now_, stream(5000), buffer(client_hello)), StreamOpening::Refused);
  EXPECT_EQ(stats().ice_state, "new");
  EXPECT_TRUE(sink_.take_sent().empty());
}

TEST_F(WorkerCoreStreams, ACheckThatIsAnsweredWithAnErrorLeavesTheStreamUnproven) {
  ice::ScriptedCheck controlled = check_;
  controlled.controlling.reset();
  controlled.controlled = 1;
  EXPECT_EQ(open(stream(5000), controlled), StreamOpening::Unproven);
  EXPECT_EQ(sink_.take_sent().size(), 1u);
}

TEST_F(WorkerCoreStreams, ThePathIsLostWithTheStream) {
  open(stream(5000), check_.nominating());
  core_.handle_stream_end(now_, stream(5000));
  EXPECT_EQ(stats().ice_state, "disconnected");
  EXPECT_EQ(core_.poll_released_stream(), std::nullopt) << "its owner knows already";
}

TEST_F(WorkerCoreStreams, MediaMovesToAPathThatStillLivesWhenTheStreamEnds) {
  open(stream(5000), check_.nominating());
  check_on(path(5000, IpProtocol::Udp), check_);
  EXPECT_TRUE(is_selected(stream(5000)));
  core_.handle_stream_end(now_, stream(5000));
  EXPECT_TRUE(is_selected(path(5000, IpProtocol::Udp)));
  EXPECT_EQ(stats().ice_state, "connected");
}

TEST_F(WorkerCoreStreams, AClientMayNominateTcpAfterUdpAndUdpAfterTcp) {
  check_on(path(5000, IpProtocol::Udp), check_.nominating());
  EXPECT_EQ(open(stream(5000), check_), StreamOpening::Proved);
  EXPECT_TRUE(is_selected(path(5000, IpProtocol::Udp)));
  check_on(stream(5000), check_.nominating());
  EXPECT_TRUE(is_selected(stream(5000)));
  check_on(path(5000, IpProtocol::Udp), check_.nominating());
  EXPECT_TRUE(is_selected(path(5000, IpProtocol::Udp)));
}

TEST_F(WorkerCoreStreams, AStreamIsReleasedWhenItsConsentEnds) {
  open(stream(5000), check_.nominating());
  now_ += 30s - 1us;
  core_.handle_timeout(now_);
  EXPECT_EQ(core_.poll_released_stream(), std::nullopt);
  now_ += 1us;
  core_.handle_timeout(now_);
  EXPECT_EQ(core_.poll_released_stream(), stream(5000));
  EXPECT_EQ(stats().ice_state, "disconnected");
}

TEST_F(WorkerCoreStreams, AStreamIsReleasedWithItsTransport) {
  open(stream(5000), check_.nominating());
  request(CloseTransport{transport_});
  EXPECT_EQ(core_.poll_released_stream(), stream(5000));
}

TEST_F(WorkerCoreStreams, TheEndOfAStreamOfNobodyChangesNothing) {
  open(stream(5000), check_.nominating());
  core_.handle_stream_end(now_, stream(5001));
  EXPECT_TRUE(is_selected(stream(5000)));
}

}  // namespace
}  // namespace sfu::core

#include <array>
#include <random>

#include "ice/scripted_check_for_test.h"
#include "sim/deaf_host.h"
#include "stun/message_builder.h"
#include "tests/scenario/scenario.h"

// Datagrams of nobody, and of those who say who they are not.

namespace sfu::sim {
namespace {

constexpr std::uint16_t kServerPort = 40000;

/// Throws all that it can think of at the server: noise of each kind, copies of what it has seen on
/// the wire, damaged and whole, from its own address and with those of others.
class Stranger {
 public:
  Stranger(Conference& conference, std::uint64_t seed) : conference_(conference), random_(seed) {
    conference.network().set_tap([this](Timestamp, const Path& path, Bytes datagram) {
      if (seen_.size() < 2000 && path.local.ip == conference_.server_address())
        seen_.push_back({path, {datagram.begin(), datagram.end()}});
    });
  }
  ~Stranger() { conference_.network().set_tap({}); }

  void attack(int datagrams) {
    for (int i = 0; i < datagrams; ++i) {
      switch (random_() % 5) {
        case 0: send(own(), noise()); break;
        case 1: send(somebody(), noise()); break;
        case 2: replay(own(), false); break;
        case 3: replay(own(), true); break;
        case 4: replay(std::nullopt, true); break;
      }
    }
  }

 private:
  struct Seen {
    Path path;  // As the server saw it.
    std::vector<std::uint8_t> bytes;
  };

  static bool is_stun(Bytes datagram) { return datagram[0] <= 3; }
  Endpoint own() { return {IpAddress::v4(0x0a090909), static_cast<std::uint16_t>(random_())}; }
  Endpoint somebody() { return seen_.empty() ? own() : any().path.remote; }
  const Seen& any() { return seen_[random_() % seen_.size()]; }

  std::vector<std::uint8_t> noise() {
    constexpr std::array<std::uint8_t, 9> kFirst = {0, 1, 20, 22, 23, 63, 0x80, 0x90, 0xff};
    std::vector<std::uint8_t> bytes(1 + random_() % 200);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    bytes[0] = kFirst[random_() % kFirst.size()];
    return bytes;
  }
  void replay(std::optional<Endpoint> from, bool damaged) {
    if (seen_.empty()) return;
    Seen copy = any();
    // Who has seen a check on the wire can repeat it from elsewhere: nothing under ICE stops that
    // (RFC 8445 §19.2).
    if (is_stun(copy.bytes)) from.reset();
    if (damaged) {
      std::uint8_t& byte = copy.bytes[random_() % copy.bytes.size()];
      byte = static_cast<std::uint8_t>(byte ^ 1 << random_() % 8);
    }
    send(from.value_or(copy.path.remote), copy.bytes);
  }
  void send(const Endpoint& from, Bytes datagram) {
    conference_.network().inject({from, {conference_.server_address(), kServerPort}}, datagram);
  }

  Conference& conference_;
  std::mt19937_64 random_;
  std::vector<Seen> seen_;
};

TEST(Strangers, DisturbNoStageOfACall) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    Stranger stranger(conference, seed);
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    for (int i = 0; i < 30; ++i) {
      stranger.attack(20);
      conference.run_for(10ms);
    }
    conference.join(room);
    for (int i = 0; i < 100; ++i) {
      stranger.attack(20);
      conference.run_for(10ms);
    }
    reset_gaps(conference);
    for (int i = 0; i < 200; ++i) {
      stranger.attack(20);
      conference.run_for(10ms);
    }
    expect_all_flow(conference, 150ms);
    for (const auto& member : conference.members()) {
      EXPECT_EQ(member->browser->nacks_received(), 0u);
      for (const StreamReceiver& receiver : member->browser->receivers())
        EXPECT_EQ(receiver.missing(), 0u);
    }
    EXPECT_GT(conference.worker_stats().packets_dropped, 1000u);
    EXPECT_THAT(conference.complaints(), IsEmpty());
    const std::string path = conference.transport_stats(alice.send).selected_path;
    EXPECT_NE(path.find(alice.browser->address().to_string()), std::string::npos) << path;
  }
}

TEST(Strangers, WithAWrongPasswordGetNoAnswerAndMoveNobody) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  conference.join(room);
  conference.join(room);
  conference.run_for(2s);
  reset_gaps(conference);
  const auto& victim = conference.members()[0];
  const Endpoint own{IpAddress::v4(0x0a090909), 9};
  std::uint64_t answers = 0;
  conference.network().set_tap([&](Timestamp, const Path& path, Bytes) {
    if (path.local == own) ++answers;
  });
  DeafHost host;
  conference.network().attach(own.ip, host);
  for (int i = 0; i < 100; ++i) {
    std::array<std::uint8_t, 256> buffer;
    stun::MessageBuilder check(buffer, stun::Class::Request, stun::Method::Binding,
                               {static_cast<std::uint8_t>(i)});
    check.username(victim->browser->send_channel().remote().ufrag + ":evil")
        .priority(1)
        .ice_controlling(1)
        .use_candidate()
        .message_integrity("not the password of this agent")
        .fingerprint();
    conference.network().inject({own, {conference.server_address(), kServerPort}}, check.bytes());
    conference.run_for(20ms);
  }
  EXPECT_EQ(answers, 0u);
  expect_all_flow(conference, 150ms);
  EXPECT_THAT(conference.complaints(), IsEmpty());
  conference.network().detach(own.ip);
}

TEST(Handshake, HelloBeforeConnectIsAnsweredAndItsKeysHeldUntilTheFingerprintIsKnown) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    conference.run_for(1s);
    Member& bob = conference.join(room, {}, {.connects = false});
    conference.run_for(2s);
    EXPECT_TRUE(bob.browser->send_connected()) << "the server has answered the handshake";
    EXPECT_FALSE(Conference::video(bob, alice).first_frame_at());
    EXPECT_FALSE(Conference::video(alice, bob).first_frame_at());
    EXPECT_EQ(conference.transport_stats(bob.send).dtls_state, "connecting");
    EXPECT_EQ(conference.transport_stats(bob.send).rtp_bytes_received, 0u);
    EXPECT_EQ(conference.transport_stats(bob.receive).rtp_bytes_sent, 0u);

    const Timestamp connected = conference.now();
    conference.connect(bob);
    conference.run_for(1s);
    for (const auto* video : {&Conference::video(bob, alice), &Conference::video(alice, bob)}) {
      ASSERT_TRUE(video->first_frame_at());
      EXPECT_LT(*video->first_frame_at() - connected, 400ms);
    }
    EXPECT_EQ(Conference::video(bob, alice).plis(), 0u);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Handshake, WithAnotherFingerprintCarriesNoMediaEitherWay) {
  for (const bool before : {true, false}) {
    SCOPED_TRACE(before ? "known before the handshake" : "known after it");
    Conference conference(1);
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    conference.run_for(1s);
    Member& mallory = conference.join(room, {}, {.connects = false});
    std::string fingerprint;
    for (int i = 0; i < 32; ++i) fingerprint += i == 0 ? "AB" : ":AB";
    if (!before) conference.run_for(1s);
    conference.connect(mallory, fingerprint);
    conference.run_for(3s);
    EXPECT_FALSE(Conference::video(mallory, alice).first_frame_at());
    EXPECT_FALSE(Conference::video(alice, mallory).first_frame_at());
    EXPECT_EQ(conference.transport_stats(mallory.send).dtls_state, "failed");
    EXPECT_EQ(conference.transport_stats(mallory.receive).rtp_bytes_sent, 0u);
    EXPECT_EQ(conference.transport_stats(mallory.send).rtp_bytes_received, 0u);
    EXPECT_THAT(conference.diagnostics(),
                testing::Contains(testing::AllOf(testing::HasSubstr("does not connect"),
                                                 testing::HasSubstr("fingerprint"))));
  }
}

TEST(Handshake, FromAnAddressThatIceHasNotValidatedIsNotAnswered) {
  Conference conference(1);
  const Endpoint own{IpAddress::v4(0x0a090909), 9};
  DeafHost host;
  conference.network().attach(own.ip, host);
  std::vector<std::uint8_t> hello;
  std::size_t answers = 0;
  conference.network().set_tap([&](Timestamp, const Path& path, Bytes datagram) {
    if (path.local.ip == own.ip) ++answers;
    if (path.local.ip == conference.server_address() && datagram[0] == 22 && hello.empty())
      hello.assign(datagram.begin(), datagram.end());
  });
  const RouterId room = conference.open_room();
  const Member& alice = conference.join(room);
  conference.run_for(1s);
  ASSERT_FALSE(hello.empty());

  const auto send = [&](Bytes datagram) {
    conference.network().inject({own, {conference.server_address(), kServerPort}}, datagram);
    conference.run_for(1s);
  };
  const auto before = conference.worker_stats().refused.strangers;
  send(hello);
  EXPECT_EQ(answers, 0u);
  EXPECT_EQ(conference.worker_stats().refused.strangers, before + 1);

  const auto& secrets = alice.browser->send_channel().remote();
  send(ice::ScriptedCheck::to({secrets.ufrag, secrets.password}).encode());
  EXPECT_EQ(answers, 1u) << "an answer to this address would have been seen";
  conference.network().set_tap({});
  conference.network().detach(own.ip);
}

TEST(Handshake, OverLossyNetworksCompletes) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {
        .delay = 30ms, .jitter = 30ms, .loss = 0.2, .duplication = 0.1};
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room);
    Member& bob = conference.join(room);
    conference.run_for(8s);
    for (const Member* member : {&alice, &bob}) {
      EXPECT_TRUE(member->browser->send_connected());
      EXPECT_TRUE(member->browser->receive_connected());
      EXPECT_EQ(conference.transport_stats(member->send).dtls_state, "connected");
    }
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

}  // namespace
}  // namespace sfu::sim

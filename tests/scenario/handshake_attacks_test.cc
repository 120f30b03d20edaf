#include <array>
#include <ostream>

#include "ice/scripted_check_for_test.h"
#include "tests/scenario/attack.h"

// What is sent under DTLS by those whom ICE has not let in, and by those whom it has.

namespace sfu::sim {
namespace {

constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kApplicationData = 23;
constexpr std::uint8_t kClientHello = 1;

Datagram record(std::uint8_t type, std::uint16_t epoch, std::uint64_t number, Bytes content) {
  Datagram made(13);
  made[0] = type;
  made[1] = 0xfe;
  made[2] = 0xfd;
  store_be16(made, 3, epoch);
  store_be16(made, 5, static_cast<std::uint16_t>(number >> 32));
  store_be32(made, 7, static_cast<std::uint32_t>(number));
  store_be16(made, 11, static_cast<std::uint16_t>(content.size()));
  made.insert(made.end(), content.begin(), content.end());
  return made;
}

/// A fragment of a handshake message (RFC 6347 §4.2.2), whatever it claims.
Datagram fragment(std::uint8_t type, std::uint32_t length, std::uint16_t message,
                  std::uint32_t offset, std::uint32_t claimed, std::size_t size,
                  std::uint64_t number) {
  Datagram body(12 + size, 0x41);
  body[0] = type;
  const auto store_be24 = [&](std::size_t at, std::uint32_t value) {
    body[at] = static_cast<std::uint8_t>(value >> 16);
    store_be16(body, at + 1, static_cast<std::uint16_t>(value));
  };
  store_be24(1, length);
  store_be16(body, 4, message);
  store_be24(6, offset);
  store_be24(9, claimed);
  return record(kHandshake, 0, number, body);
}

/// A transport in the attacked room to which the stranger has the password, as a client that has
/// just got it from signaling and has proved its address.
TransportId admit(AttackScene& scene, const Endpoint& from) {
  TransportId id;
  id.uuid.bytes[15] = 77;
  const auto reply = scene.conference.request(core::CreateTransport{scene.room, id});
  const auto& created = std::get<core::TransportCreated>(*reply);
  scene.inject(
      from, ice::ScriptedCheck::to({created.ice_username_fragment, created.ice_password}).encode());
  return id;
}

std::optional<Datagram> first_hello(const AttackScene& scene, const Endpoint& from) {
  for (const auto& seen : scene.seen)
    if (seen.path.remote == from && seen.bytes[0] == kHandshake && seen.bytes[13] == kClientHello)
      return seen.bytes;
  return std::nullopt;
}

TEST(UnvalidatedAddress, GetsNothingBeforeDuringAndAfterTheHandshakeOfAnother) {
  Member* late = nullptr;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 100) late = &scene.conference.join(scene.room);
        for (const auto& seen : scene.seen) {
          if (seen.bytes[0] > 3 && scene.random() % 64 == 0)
            scene.inject({scene.stranger.ip, static_cast<std::uint16_t>(scene.random() | 1)},
                         seen.bytes);
        }
      },
      [&](AttackScene& scene) {
        EXPECT_THAT(scene.reflected, IsEmpty());
        EXPECT_GT(scene.refused().strangers, 1000u);
        EXPECT_EQ(scene.lines("datagrams of no transport"), 1u);
        EXPECT_TRUE(late->browser->send_connected());
        EXPECT_GT(Conference::video(*late, *scene.victor).frames_decoded(), 10u);
        expect_flow(scene);
      },
      kGrowthOfStreams);
}

TEST(ClientHelloRace, OfAnotherAddressIsNotEvenARace) {
  Member* late = nullptr;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 100) late = &scene.conference.join(scene.room);
        if (step < 90 || step > 120) return;
        const auto hello = first_hello(scene, scene.victor->browser->send_endpoint());
        ASSERT_TRUE(hello);
        // From a port beside the one that the newcomer will use, and from Mallory's own path.
        const IpAddress next = IpAddress::v4(0x0a010000 + 5);
        for (const int port : {4999, 5001, 6001})
          scene.inject({next, static_cast<std::uint16_t>(port)}, *hello);
        scene.inject(scene.mallory->browser->send_endpoint(), *hello);
      },
      [&](AttackScene& scene) {
        ASSERT_EQ(late->browser->address(), IpAddress::v4(0x0a010000 + 5));
        EXPECT_TRUE(late->browser->send_connected());
        EXPECT_TRUE(late->browser->receive_connected());
        EXPECT_GT(Conference::video(*late, *scene.victor).frames_decoded(), 10u);
        expect_flow(scene);
      },
      kGrowthOfStreams);
}

/// Who stands on the path itself can spoil the handshake, and gets nothing by it: no keys without
/// the signaled certificate, and the client hears of it.
TEST(ClientHelloRace, OnThePathItselfYieldsNoMedia) {
  AttackScene scene;
  const auto id = admit(scene, scene.stranger);
  const auto hello = first_hello(scene, scene.victor->browser->send_endpoint());
  ASSERT_TRUE(hello);
  std::string fingerprint = "AB";
  for (int i = 1; i < 32; ++i) fingerprint += ":AB";
  ASSERT_TRUE(scene.conference.request(
      core::ConnectTransport{id, core::DtlsRole::Client, {{"sha-256", fingerprint}}}));
  scene.inject(scene.stranger, *hello);
  scene.conference.run_for(40s);
  EXPECT_EQ(scene.conference.transport_stats(id).dtls_state, "failed");
  EXPECT_EQ(scene.conference.transport_stats(id).rtp_bytes_received, 0u);
  // While it waits, and when it gives up.
  EXPECT_EQ(scene.lines("does not connect"), 2u);
}

TEST(FingerprintMismatch, IsToldToTheServiceAndToThePeerOnce) {
  constexpr std::uint8_t kAlert = 21;
  AttackScene scene;
  Member& liar = scene.conference.join(scene.room, {}, {.connects = false});
  int alerts = 0;
  scene.conference.network().set_tap([&](Timestamp, const Path& path, Bytes datagram) {
    alerts += path.local == liar.browser->send_endpoint() && datagram[0] == kAlert;
  });
  std::string fingerprint = "AB";
  for (int i = 1; i < 32; ++i) fingerprint += ":AB";
  scene.conference.connect(liar, fingerprint);
  scene.conference.run_for(3s);
  int told = 0;
  for (const core::Event& event : scene.conference.events()) {
    const auto* changed = std::get_if<core::TransportStateChanged>(&event);
    told += changed && changed->transport == liar.send && changed->dtls == core::DtlsState::Failed;
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(alerts, 1);
  EXPECT_EQ(scene.conference.transport_stats(liar.receive).rtp_bytes_sent, 0u);
  EXPECT_EQ(scene.conference.transport_stats(liar.send).rtp_bytes_received, 0u);
  expect_flow(scene);
}

using Datagrams = std::vector<Datagram>;

/// The fragments of number `n` of an attack, and what becomes of the handshake: while they come,
/// and after its deadline.
struct FragmentKind {
  const char* name;
  Datagrams (*make)(std::uint32_t n);
  const char* meanwhile;
  const char* at_last;
};

std::ostream& operator<<(std::ostream& out, const FragmentKind& kind) { return out << kind.name; }

constexpr std::uint32_t kHuge = 0xffffff;
constexpr FragmentKind kFragmentKinds[] = {
    {"Overlapping",
     [](std::uint32_t n) { return Datagrams{fragment(1, 4000, 0, n % 3900, 100, 100, n)}; },
     "connecting", "failed"},
    {"OfLengthZero",
     [](std::uint32_t n) { return Datagrams{fragment(1, 4000, 0, n % 4000, 0, 0, n)}; }, "failed",
     "failed"},
    {"OfAMessageOf16MiB",
     [](std::uint32_t n) {
       return Datagrams{fragment(1, kHuge, 0, n * 1000 % kHuge, 1000, 1000, n)};
     },
     "failed", "failed"},
    {"EachOfAnotherMessageThatNeverComesWhole",
     [](std::uint32_t n) {
       if (n == 0) return Datagrams{fragment(1, 4000, 0, 0, 100, 100, n)};
       return Datagrams{fragment(11, 60'000, static_cast<std::uint16_t>(n), 0, 1000, 1000, n)};
     },
     "connecting", "failed"},
    {"OfNoClientHello",
     [](std::uint32_t n) { return Datagrams{fragment(11, 60'000, 0, 0, 1000, 1000, n)}; }, "new",
     "new"},
    {"LongerThanTheyAreOrThanTheirMessage",
     [](std::uint32_t n) {
       return Datagrams{fragment(1, 200, 0, 100, 200, 100, n),
                        fragment(1, 200, 0, 0, 5000, 100, n)};
     },
     "failed", "failed"},
};

/// Fragments that fit nothing, for as long as a handshake may last, from an address that ICE let
/// in.
class HandshakeFragments : public testing::TestWithParam<FragmentKind> {};

TEST_P(HandshakeFragments, AreBoundedInMemoryAndAnswers) {
  TransportId id;
  std::uint64_t sent = 0;
  core::RefusedStats before;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) {
          id = admit(scene, scene.stranger);
          before = scene.refused();
        }
        for (std::uint32_t i = 0; i < 20; ++i) {
          for (const Datagram& datagram :
               GetParam().make(static_cast<std::uint32_t>(step) * 20 + i)) {
            scene.inject(scene.stranger, datagram);
            ++sent;
          }
        }
      },
      [&](AttackScene& scene) {
        const auto stats = scene.conference.transport_stats(id);
        EXPECT_EQ(stats.packets_received, sent + 1) << "each, and the check that let them in";
        EXPECT_EQ(stats.dtls_state, GetParam().meanwhile);
        EXPECT_EQ(scene.refused().strangers, before.strangers);
        EXPECT_EQ(scene.refused().dtls, before.dtls) << "what its path brings is DTLS's to judge";
        std::size_t answered = 0;
        for (const Datagram& datagram : scene.reflected) answered += datagram.size();
        EXPECT_LT(answered, 200u) << "the check's answer and at most one alert";
        scene.conference.run_for(40s);
        EXPECT_EQ(scene.conference.transport_stats(id).dtls_state, GetParam().at_last);
        expect_flow(scene);
      });
}

INSTANTIATE_TEST_SUITE_P(Kinds, HandshakeFragments, testing::ValuesIn(kFragmentKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(AfterTheHandshake, NeitherDataInTheClearNorRenegotiationIsHeard) {
  attack(
      [](AttackScene& scene, int step) {
        const Endpoint& path = scene.victor->browser->send_endpoint();
        const auto n = static_cast<std::uint64_t>(step);
        ASSERT_TRUE(first_hello(scene, path));
        const Datagram text(50, 0x42);
        scene.inject(path, record(kApplicationData, 0, 1000 + n, text));
        scene.inject(path, record(kApplicationData, 1, 1000 + n, text));
        scene.inject(path, record(kHandshake, 1, 1000 + n, text));
        scene.inject(path, record(21, 0, 1000 + n, std::array<std::uint8_t, 2>{2, 40}));
        scene.inject(path, *first_hello(scene, path));
        scene.inject(path, fragment(kClientHello, 50, 9, 0, 50, 50, 1000 + n));
      },
      [](AttackScene& scene) {
        EXPECT_EQ(scene.conference.transport_stats(scene.victor->send).dtls_state, "connected");
        expect_flow(scene);
      });
}

}  // namespace
}  // namespace sfu::sim

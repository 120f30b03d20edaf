#include <array>

#include "ice/lite_agent.h"
#include "stun/message_builder.h"
#include "tests/scenario/attack.h"

namespace sfu::sim {
namespace {

struct Check {
  std::string ufrag;
  std::string password;
  bool integrity = true;
  bool fingerprint = true;
  bool priority = true;
  std::uint16_t unknown_type = 0;
};

Datagram encode(const Check& check, std::uint64_t number) {
  std::array<std::uint8_t, 512> buffer;
  stun::TransactionId id{};
  store_be32(id, 0, static_cast<std::uint32_t>(number));
  stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, id);
  message.username(check.ufrag + ":x");
  if (check.priority) message.priority(1);
  message.ice_controlling(1).use_candidate();
  if (check.unknown_type != 0) message.attribute(check.unknown_type, {});
  if (check.integrity) message.message_integrity(std::string_view(check.password));
  if (check.fingerprint) message.fingerprint();
  return {message.bytes().begin(), message.bytes().end()};
}

const PeerChannel::Remote& secrets_of(const Member& member) {
  return member.browser->send_channel().remote();
}

TEST(StunAttack, WithWrongAbsentOrTruncatedIntegrityIsNotAnsweredAndMovesNobody) {
  std::string path;
  attack(
      [&](AttackScene& scene, int step) {
        if (step == 0) path = scene.conference.transport_stats(scene.victor->send).selected_path;
        const auto& secrets = secrets_of(*scene.victor);
        const auto number = static_cast<std::uint64_t>(step);
        const std::string wrong = "not the password of this agent";
        scene.inject(scene.stranger, encode({secrets.ufrag, wrong}, number));
        scene.inject(scene.stranger, encode({secrets.ufrag, "", false, true}, number));
        scene.inject(scene.stranger, encode({secrets.ufrag, "", false, false}, number));
        const auto& others = secrets_of(*scene.mallory);
        scene.inject(scene.stranger, encode({secrets.ufrag, others.password}, number));
        // Cut anywhere before the end of its integrity, with its length and without it set right.
        Datagram cut = encode({secrets.ufrag, secrets.password}, number);
        constexpr std::size_t kFingerprintSize = 8;
        cut.resize(1 + number % (cut.size() - kFingerprintSize - 1));
        scene.inject(scene.stranger, cut);
        if (cut.size() >= 20) store_be16(cut, 2, static_cast<std::uint16_t>(cut.size() - 20));
        scene.inject(scene.stranger, cut);
      },
      [&](AttackScene& scene) {
        EXPECT_THAT(scene.reflected, IsEmpty());
        EXPECT_GE(scene.refused().stun, 4u * kAttackSteps);
        EXPECT_EQ(scene.lines("sends what is refused"), 1u);
        EXPECT_EQ(scene.conference.transport_stats(scene.victor->send).selected_path, path);
        expect_flow(scene);
      });
}

TEST(StunAttack, ThatGuessesUfragsFindsNobodyAndIsToldOfOnce) {
  constexpr int kGuesses = 50;
  attack(
      [](AttackScene& scene, int) {
        for (int i = 0; i < kGuesses; ++i) {
          const std::uint64_t guess = scene.random();
          scene.inject(scene.stranger, encode({std::to_string(guess), "guess"}, guess));
        }
      },
      [](AttackScene& scene) {
        EXPECT_THAT(scene.reflected, IsEmpty());
        EXPECT_EQ(scene.refused().strangers, std::uint64_t{kGuesses} * kAttackSteps);
        EXPECT_EQ(scene.lines("datagrams of no transport"), 1u);
        expect_flow(scene);
      });
}

/// Who has no password gets nothing; who has one and forges the source of what she asks sends the
/// stranger no more than she spends herself.
TEST(StunAttack, ThatForgesItsSourceReflectsNothingLargerThanItself) {
  attack(
      [](AttackScene& scene, int step) {
        const auto number = static_cast<std::uint64_t>(step);
        scene.inject(scene.stranger, encode({secrets_of(*scene.victor).ufrag, "?"}, number));
        // A response, an indication and a request of another method.
        for (const int type : {0x0101, 0x0111, 0x0011, 0x0003}) {
          Datagram other = encode({secrets_of(*scene.victor).ufrag, "?"}, number);
          store_be16(other, 0, static_cast<std::uint16_t>(type));
          scene.inject(scene.stranger, other);
        }
      },
      [](AttackScene& scene) {
        EXPECT_THAT(scene.reflected, IsEmpty());
        const auto& own = secrets_of(*scene.mallory);
        for (const Check& check :
             {Check{own.ufrag, own.password}, Check{own.ufrag, own.password, true, true, false},
              Check{own.ufrag, own.password, true, true, true, 0x7001}}) {
          scene.reflected.clear();
          const Datagram question = encode(check, 1);
          scene.inject(scene.stranger, question);
          scene.conference.run_for(45ms);
          std::size_t answers = 0;
          for (const Datagram& datagram : scene.reflected) {
            if (datagram[0] > 3) continue;
            ++answers;
            EXPECT_LE(datagram.size(), question.size());
          }
          EXPECT_EQ(answers, 1u);
        }
      });
}

/// What comes from a path reaches its transport; what comes from any other address is a stranger's.
TEST(StunAttack, FromThousandsOfAddressesWithTheRightPasswordHoldsNoMorePathsThanTheBound) {
  constexpr std::uint32_t kEachStep = 20;
  constexpr std::uint32_t kAddresses = kEachStep * kAttackSteps;
  const auto address = [](std::uint32_t number) {
    return Endpoint{IpAddress::v4(0x0b000000 + number), 5};
  };
  attack(
      [&](AttackScene& scene, int step) {
        const auto& own = secrets_of(*scene.mallory);
        for (std::uint32_t i = 0; i < kEachStep; ++i) {
          const auto number = static_cast<std::uint32_t>(step) * kEachStep + i;
          scene.inject(address(number), encode({own.ufrag, own.password}, number));
        }
      },
      [&](AttackScene& scene) {
        // Whoever proved an address holds it: Victor's is where it was.
        EXPECT_EQ(scene.conference.transport_stats(scene.victor->send).ice_state, "completed");
        for (const StreamReceiver& receiver : scene.mallory->browser->receivers())
          EXPECT_THAT(receiver.complaints(), IsEmpty());

        const auto before = scene.refused().strangers;
        const std::array<std::uint8_t, 20> rtp{0x80, 100};
        for (std::uint32_t i = 0; i < kAddresses; ++i) scene.inject(address(i), rtp);
        scene.conference.run_for(100ms);
        const auto strangers = scene.refused().strangers - before;
        EXPECT_GE(strangers, kAddresses - ice::LiteAgent::kMaxPaths);
        EXPECT_LT(strangers, kAddresses) << "the latest of them are paths";
      });
}

}  // namespace
}  // namespace sfu::sim

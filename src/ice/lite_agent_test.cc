#include "ice/lite_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ice/scripted_check_for_test.h"

namespace sfu::ice {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Selected = SelectedPathChanged;

const Credentials kOurs{"ourufrag12345678", "our-password-of-24-chars"};
const ScriptedCheck kCheck = ScriptedCheck::to(kOurs);
constexpr Timestamp kStart = Timestamp(1000s);

Endpoint endpoint(std::string_view ip, std::uint16_t port) {
  return {IpAddress::parse(ip).value(), port};
}

const Path kWifi{endpoint("192.0.2.1", 40000), endpoint("198.51.100.7", 5000)};
const Path kMobile{endpoint("192.0.2.1", 40000), endpoint("203.0.113.9", 6000)};
const Path kSix{endpoint("2001:db8::1", 40000), endpoint("2001:db8:9::7", 7000)};

Path numbered(std::uint16_t n) {
  return {endpoint("192.0.2.1", 40000),
          endpoint("198.51.100.7", static_cast<std::uint16_t>(n + 1))};
}

/// An agent whose owner drains it after each call, as it must.
struct Owned {
  Outcome give(Timestamp now, const Path& path, Bytes bytes) {
    const Outcome outcome = agent.handle_datagram(now, {path, bytes});
    drain();
    return outcome;
  }
  /// As a transaction of its own.
  Outcome check(Timestamp now, const Path& path, const ScriptedCheck& check) {
    const ScriptedCheck next = check.numbered(++checks);
    id = next.id;
    return give(now, path, next.encode());
  }
  void timeout(Timestamp now) {
    agent.handle_timeout(now);
    drain();
  }
  void drain() {
    answer = agent.poll_transmit();
    EXPECT_FALSE(agent.poll_transmit());
    events.clear();
    while (auto event = agent.poll_event()) events.push_back(*std::move(event));
  }
  stun::MessageView answer_view() const {
    return stun::MessageView::parse(answer.value().payload).value();
  }
  int error() const { return answer_view().error_code().value().code; }

  LiteAgent agent{{.credentials = kOurs}};
  std::uint32_t checks = 0;
  stun::TransactionId id{};  // Of the latest check.
  std::optional<Transmit> answer;
  std::vector<Event> events;
};

TEST(LiteAgent, AnswersAValidCheckAlongItsPathWithTheAddressItSaw) {
  for (const Path& path : {kWifi, kSix}) {
    Owned o;
    EXPECT_EQ(o.check(kStart, path, kCheck), Outcome::Answered);
    ASSERT_TRUE(o.answer);
    EXPECT_EQ(o.answer->path, path);
    const auto view = o.answer_view();
    EXPECT_EQ(view.message_class(), stun::Class::SuccessResponse);
    EXPECT_EQ(view.transaction_id(), o.id);
    EXPECT_EQ(view.xor_mapped_address(), path.remote);
    EXPECT_TRUE(view.verify_integrity(kOurs.password));
    EXPECT_TRUE(view.verify_fingerprint());
  }
}

TEST(LiteAgent, SelectsTheFirstValidPathUntilOneIsNominated) {
  Owned o;
  EXPECT_EQ(o.agent.selected_path(), std::nullopt);
  o.check(kStart, kWifi, kCheck);
  EXPECT_THAT(o.events, ElementsAre(PathAdded{kWifi}, Selected{std::nullopt, kWifi},
                                    StateChanged{State::New, State::Connected}));
  o.check(kStart, kMobile, kCheck);
  EXPECT_THAT(o.events, ElementsAre(PathAdded{kMobile}));
  EXPECT_EQ(o.agent.selected_path(), kWifi);
  EXPECT_TRUE(o.agent.is_validated(kMobile));

  o.check(kStart, kMobile, kCheck.nominating());
  EXPECT_THAT(o.events, ElementsAre(Selected{kWifi, kMobile},
                                    StateChanged{State::Connected, State::Completed}));
  o.check(kStart, kMobile, kCheck.nominating());
  EXPECT_THAT(o.events, IsEmpty());
}

TEST(LiteAgent, FollowsTheLatestPlainNominationWhenTheClientMoves) {
  Owned o;
  o.check(kStart, kWifi, kCheck.nominating());
  o.check(kStart + 1s, kSix, kCheck.nominating());
  EXPECT_THAT(o.events, ElementsAre(PathAdded{kSix}, Selected{kWifi, kSix}));
  EXPECT_TRUE(o.agent.is_validated(kWifi))
      << "late packets along the old path are still the peer's";
  o.check(kStart + 2s, kWifi, kCheck.nominating());
  EXPECT_EQ(o.agent.selected_path(), kWifi);
}

TEST(LiteAgent, KeepsTheNominatedPathWhenOthersAreOnlyChecked) {
  Owned o;
  o.check(kStart, kWifi, kCheck.nominating());
  o.check(kStart + 1s, kMobile, kCheck);
  EXPECT_EQ(o.agent.selected_path(), kWifi);
  EXPECT_EQ(o.agent.state(), State::Completed);
}

TEST(LiteAgent, TreatsTheSameRemoteAtAnotherLocalAddressAsAnotherPath) {
  Owned o;
  const Path other{endpoint("192.0.2.2", 40000), kWifi.remote};
  o.check(kStart, kWifi, kCheck.nominating());
  o.check(kStart, other, kCheck.nominating());
  EXPECT_EQ(o.answer->path, other);
  EXPECT_EQ(o.agent.selected_path(), other);
  EXPECT_EQ(o.agent.path_count(), 2U);
}

TEST(LiteAgentNominationValue, MovesToAHigherAndNeverBackToALowerOrEqualOne) {
  Owned o;
  o.check(kStart, kWifi, kCheck.with_nomination(1));
  EXPECT_EQ(o.agent.state(), State::Completed);
  o.check(kStart, kMobile, kCheck.with_nomination(2));
  EXPECT_EQ(o.agent.selected_path(), kMobile);
  for (const std::uint32_t late : {0U, 1U, 2U}) {
    o.check(kStart, kWifi, kCheck.with_nomination(late).nominating());
    EXPECT_EQ(o.agent.selected_path(), kMobile) << late;
  }
  o.check(kStart, kWifi, kCheck.with_nomination(0xFFFFFFFF));
  EXPECT_EQ(o.agent.selected_path(), kWifi);
}

TEST(LiteAgentNominationValue, OutranksPlainNominationsBeforeAndAfterIt) {
  Owned o;
  o.check(kStart, kWifi, kCheck.nominating());
  o.check(kStart, kMobile, kCheck.with_nomination(1));
  EXPECT_EQ(o.agent.selected_path(), kMobile);
  o.check(kStart, kWifi, kCheck.nominating());
  EXPECT_EQ(o.agent.selected_path(), kMobile);
}

TEST(LiteAgentNominationValue, CountsAnewOnceTheNominatedPathIsGone) {
  Owned o;
  o.check(kStart, kWifi, kCheck.with_nomination(7));
  o.check(kStart + 20s, kMobile, kCheck);
  o.timeout(kStart + 30s);
  o.check(kStart + 31s, kMobile, kCheck.with_nomination(3));
  EXPECT_EQ(o.agent.state(), State::Completed);
  EXPECT_EQ(o.agent.selected_path(), kMobile);
}

struct Refusal {
  std::string_view name;
  ScriptedCheck check;
  Outcome outcome;
};

std::vector<Refusal> silent_refusals() {
  std::vector<Refusal> all;
  const auto add = [&](std::string_view name, Outcome outcome, auto&& change) {
    ScriptedCheck check = kCheck.nominating();
    change(check);
    all.push_back({name, check, outcome});
  };
  using C = ScriptedCheck;
  add("wrong password", Outcome::DroppedBadIntegrity, [](C& c) { c.password = "x"; });
  add("empty password", Outcome::DroppedBadIntegrity, [](C& c) { c.password = ""; });
  add("no integrity", Outcome::DroppedBadIntegrity, [](C& c) { c.integrity = false; });
  add("no username", Outcome::DroppedWrongUsername, [](C& c) { c.username = ""; });
  add("another's ufrag", Outcome::DroppedWrongUsername, [](C& c) { c.username = "other:peer"; });
  add("ufrag alone", Outcome::DroppedWrongUsername, [](C& c) { c.username = kOurs.ufrag; });
  add("no peer's half", Outcome::DroppedWrongUsername,
      [](C& c) { c.username = kOurs.ufrag + ":"; });
  add("ours as a prefix", Outcome::DroppedWrongUsername,
      [](C& c) { c.username = kOurs.ufrag + "x:peer"; });
  add("a prefix of ours", Outcome::DroppedWrongUsername, [](C& c) { c.username = "our:peer"; });
  add("halves swapped", Outcome::DroppedWrongUsername,
      [](C& c) { c.username = "peer:" + kOurs.ufrag; });
  add("indication", Outcome::DroppedNotARequest,
      [](C& c) { c.message_class = stun::Class::Indication; });
  add("success response", Outcome::DroppedNotARequest,
      [](C& c) { c.message_class = stun::Class::SuccessResponse; });
  add("error response", Outcome::DroppedNotARequest,
      [](C& c) { c.message_class = stun::Class::ErrorResponse; });
  add("TURN Allocate", Outcome::DroppedNotARequest,
      [](C& c) { c.method = static_cast<stun::Method>(3); });
  return all;
}

TEST(LiteAgentRefusal, IsSilentAndDisturbsNothing) {
  for (const Refusal& refusal : silent_refusals()) {
    SCOPED_TRACE(refusal.name);
    Owned o;
    o.check(kStart, kWifi, kCheck.nominating());
    const auto deadline = o.agent.next_timeout();
    for (const Path& path : {kWifi, kMobile}) {
      EXPECT_EQ(o.check(kStart + 5s, path, refusal.check), refusal.outcome);
      EXPECT_FALSE(o.answer);
      EXPECT_THAT(o.events, IsEmpty());
      EXPECT_EQ(o.agent.selected_path(), kWifi);
      EXPECT_FALSE(o.agent.is_validated(kMobile));
      EXPECT_EQ(o.agent.next_timeout(), deadline) << "must not refresh consent";
    }
  }
}

TEST(LiteAgentRefusal, OfAWrongFingerprintComesBeforeAnyOtherCheck) {
  Owned o;
  auto bytes = kCheck.encode();
  bytes.back() ^= 1;
  EXPECT_EQ(o.give(kStart, kWifi, bytes), Outcome::DroppedBadFingerprint);
  EXPECT_FALSE(o.answer);
}

TEST(LiteAgentRefusal, DoesNotConcernACheckWithoutFingerprint) {
  Owned o;
  ScriptedCheck check = kCheck;
  check.fingerprint = false;
  EXPECT_EQ(o.check(kStart, kWifi, check), Outcome::Answered);
}

TEST(LiteAgentRefusal, OfBytesThatAreNoStunMessage) {
  Owned o;
  auto truncated = kCheck.encode();
  truncated.pop_back();
  for (const auto& bytes : {std::vector<std::uint8_t>{}, std::vector<std::uint8_t>(20, 0xFF),
                            std::vector<std::uint8_t>(1500, 0), truncated})
    EXPECT_EQ(o.give(kStart, kWifi, bytes), Outcome::DroppedMalformed);
  EXPECT_EQ(o.agent.state(), State::New);
}

void expect_error(const ScriptedCheck& check, int code) {
  Owned o;
  EXPECT_EQ(o.check(kStart, kWifi, check), Outcome::AnsweredWithError);
  EXPECT_EQ(o.error(), code);
  EXPECT_EQ(o.answer_view().message_class(), stun::Class::ErrorResponse);
  EXPECT_EQ(o.answer_view().transaction_id(), o.id);
  EXPECT_TRUE(o.answer_view().verify_integrity(kOurs.password));
  EXPECT_TRUE(o.answer_view().verify_fingerprint());
  EXPECT_THAT(o.events, IsEmpty());
  EXPECT_FALSE(o.agent.is_validated(kWifi));
}

TEST(LiteAgentError, Is420WithTheTypesThatAreUnknown) {
  ScriptedCheck check = kCheck.nominating();
  check.unknown_type = 0x7FFF;
  expect_error(check, 420);
  Owned o;
  o.check(kStart, kWifi, check);
  const auto listed = o.answer_view().attribute(stun::AttributeType::UnknownAttributes);
  ASSERT_TRUE(listed);
  EXPECT_THAT(*listed, ElementsAre(0x7F, 0xFF));
}

TEST(LiteAgentError, DoesNotComeForUnknownOptionalAttributes) {
  Owned o;
  ScriptedCheck check = kCheck;
  check.unknown_type = 0xC057;  // Chrome's network cost.
  EXPECT_EQ(o.check(kStart, kWifi, check), Outcome::Answered);
}

TEST(LiteAgentError, Is400WithoutPriority) {
  ScriptedCheck check = kCheck;
  check.priority.reset();
  expect_error(check, 400);
}

TEST(LiteAgentError, Is400ForAnAttributeOfTheWrongSize) {
  for (const auto type : {stun::AttributeType::UseCandidate, stun::AttributeType::IceControlling,
                          stun::AttributeType::Nomination, stun::AttributeType::Priority}) {
    std::array<std::uint8_t, 256> buffer;
    const std::uint8_t value[3] = {1, 2, 3};
    stun::MessageBuilder builder(buffer, stun::Class::Request, stun::Method::Binding, {});
    builder.username(kCheck.username)
        .priority(1)
        .attribute(static_cast<std::uint16_t>(type), value);
    builder.message_integrity(kOurs.password).fingerprint();
    Owned o;
    EXPECT_EQ(o.give(kStart, kWifi, builder.bytes()), Outcome::AnsweredWithError);
    EXPECT_EQ(o.error(), 400);
  }
}

TEST(LiteAgentError, Is487ForAControlledPeerWhateverItsTieBreaker) {
  for (const std::uint64_t tie_breaker : {std::uint64_t{0}, UINT64_MAX}) {
    ScriptedCheck check = kCheck.nominating();
    check.controlling.reset();
    check.controlled = tie_breaker;
    expect_error(check, 487);
  }
}

TEST(LiteAgentError, IsForgivenOnceThePeerHasSwitchedItsRole) {
  Owned o;
  ScriptedCheck check = kCheck.nominating();
  std::swap(check.controlling, check.controlled);
  o.check(kStart, kWifi, check);
  std::swap(check.controlling, check.controlled);
  EXPECT_EQ(o.check(kStart, kWifi, check), Outcome::Answered);
  EXPECT_EQ(o.agent.state(), State::Completed);
}

TEST(LiteAgentError, DoesNotComeForAPeerThatNamesNoRole) {
  Owned o;
  ScriptedCheck check = kCheck;
  check.controlling.reset();
  EXPECT_EQ(o.check(kStart, kWifi, check), Outcome::Answered);
}

TEST(LiteAgentPaths, AreBoundedAndTheLeastRecentlyCheckedGivesWay) {
  static_assert(LiteAgent::kMaxPaths == 16, "docs/security.md states it");
  Owned o;
  TimeDelta t{};
  for (std::uint16_t n = 0; n < LiteAgent::kMaxPaths; ++n)
    o.check(kStart + (t += 1ms), numbered(n), kCheck);
  EXPECT_EQ(o.agent.path_count(), LiteAgent::kMaxPaths);
  o.check(kStart + (t += 1ms), numbered(1), kCheck);  // Now 2 is the least recently checked.

  o.check(kStart + (t += 1ms), kMobile, kCheck);
  EXPECT_THAT(o.events, ElementsAre(PathRemoved{numbered(2)}, PathAdded{kMobile}));
  EXPECT_EQ(o.agent.path_count(), LiteAgent::kMaxPaths);
  EXPECT_EQ(o.agent.selected_path(), numbered(0)) << "the selected one stays, however old";
  EXPECT_EQ(o.agent.diagnosis().evicted_paths, 1U);
}

TEST(LiteAgentPaths, NeverPassTheirBoundOverThousandsOfAddresses) {
  Owned o;
  std::size_t added = 0, removed = 0;
  for (std::uint16_t n = 0; n < 5000; ++n) {
    o.check(kStart + n * 1ms, numbered(n), n % 3 == 0 ? kCheck.nominating() : kCheck);
    for (const Event& event : o.events) {
      added += std::holds_alternative<PathAdded>(event);
      removed += std::holds_alternative<PathRemoved>(event);
    }
    ASSERT_LE(o.agent.path_count(), LiteAgent::kMaxPaths);
    ASSERT_EQ(added - removed, o.agent.path_count());
    ASSERT_TRUE(o.agent.is_validated(o.agent.selected_path().value()));
  }
}

TEST(LiteAgentPaths, CanBeTakenAwayByTheOwner) {
  Owned o;
  o.check(kStart, kWifi, kCheck.nominating());
  o.check(kStart, kMobile, kCheck);
  o.agent.forget_path(kWifi);
  o.drain();
  EXPECT_THAT(o.events, ElementsAre(PathRemoved{kWifi}, Selected{kWifi, kMobile},
                                    StateChanged{State::Completed, State::Connected}));
  o.agent.forget_path(kMobile);
  o.drain();
  EXPECT_EQ(o.agent.state(), State::Disconnected);
  o.agent.forget_path(kMobile);
  o.drain();
  EXPECT_THAT(o.events, IsEmpty());
}

TEST(LiteAgentPaths, AreNotDisturbedByAnOwnerThatDrainsLate) {
  Owned o;
  o.check(kStart, kWifi, kCheck.nominating());
  o.agent.forget_path(kWifi);
  EXPECT_EQ(o.check(kStart, kMobile, kCheck.nominating()), Outcome::Answered);
  EXPECT_THAT(o.events, ElementsAre(PathRemoved{kWifi}, Selected{kWifi, std::nullopt},
                                    StateChanged{State::Completed, State::Disconnected},
                                    PathAdded{kMobile}, Selected{std::nullopt, kMobile},
                                    StateChanged{State::Disconnected, State::Completed}));
}

TEST(LiteAgentRestart, TakesBothCredentialsUntilTheFreshOnesAreUsed) {
  const Credentials fresh{"fresh", "fresh-password"};
  Owned o;
  o.check(kStart, kWifi, kCheck.with_nomination(9));
  o.agent.restart(fresh);
  o.drain();
  EXPECT_EQ(o.agent.credentials(), fresh);
  EXPECT_EQ(o.check(kStart, kWifi, kCheck), Outcome::Answered);
  EXPECT_TRUE(o.answer_view().verify_integrity(kOurs.password));

  const ScriptedCheck with_fresh = ScriptedCheck::to(fresh);
  EXPECT_EQ(o.check(kStart, kMobile, with_fresh), Outcome::Answered);
  EXPECT_TRUE(o.answer_view().verify_integrity(fresh.password));
  EXPECT_THAT(o.events, ElementsAre(UfragRetired{kOurs.ufrag}, PathAdded{kMobile}));
  EXPECT_EQ(o.agent.selected_path(), kWifi) << "media goes on until the new session nominates";
  EXPECT_EQ(o.check(kStart, kWifi, kCheck), Outcome::DroppedWrongUsername);

  o.check(kStart, kMobile, with_fresh.with_nomination(1));
  EXPECT_EQ(o.agent.selected_path(), kMobile) << "values count anew";
}

TEST(LiteAgentRestart, TwiceRetiresTheOnesThatWereNeverUsed) {
  Owned o;
  o.agent.restart({"first", "password-one"});
  o.drain();
  EXPECT_THAT(o.events, IsEmpty());
  o.agent.restart({"second", "password-two"});
  o.drain();
  EXPECT_THAT(o.events, ElementsAre(UfragRetired{"first"}));
  EXPECT_EQ(o.check(kStart, kWifi, kCheck), Outcome::Answered);
  EXPECT_EQ(o.check(kStart, kWifi, ScriptedCheck::to({"first", "password-one"})),
            Outcome::DroppedWrongUsername);
}

TEST(LiteAgentRestart, IsNotFinishedByACheckThatIsRefused) {
  const Credentials fresh{"fresh", "fresh-password"};
  Owned o;
  o.agent.restart(fresh);
  o.drain();
  ScriptedCheck forged = ScriptedCheck::to(fresh);
  forged.password = kOurs.password;
  EXPECT_EQ(o.check(kStart, kWifi, forged), Outcome::DroppedBadIntegrity);
  ScriptedCheck controlled = ScriptedCheck::to(fresh);
  std::swap(controlled.controlling, controlled.controlled);
  EXPECT_EQ(o.check(kStart, kWifi, controlled), Outcome::AnsweredWithError);
  EXPECT_EQ(o.check(kStart, kWifi, kCheck), Outcome::Answered) << "the former ones still count";
}

TEST(LiteAgentReplay, FromAStrangersAddressHasNoEffectAndNoAnswer) {
  Owned o;
  const auto copied = kCheck.nominating().encode();
  EXPECT_EQ(o.give(kStart, kWifi, copied), Outcome::Answered);
  const auto deadline = o.agent.next_timeout();
  EXPECT_EQ(o.give(kStart + 1s, kMobile, copied), Outcome::DroppedReplay);
  EXPECT_FALSE(o.answer);
  EXPECT_THAT(o.events, IsEmpty());
  EXPECT_EQ(o.agent.selected_path(), kWifi);
  EXPECT_FALSE(o.agent.is_validated(kMobile));
  EXPECT_EQ(o.agent.next_timeout(), deadline);
  EXPECT_EQ(o.agent.diagnosis().replays, 1U);
}

TEST(LiteAgentReplay, AlongAKnownPathIsARetransmissionThatNeitherKeepsConsentNorNominates) {
  Owned o;
  const auto copied = kCheck.nominating().encode();
  o.give(kStart, kWifi, copied);
  o.check(kStart + 1s, kMobile, kCheck.nominating());
  const auto deadline = o.agent.next_timeout();
  EXPECT_EQ(o.give(kStart + 2s, kWifi, copied), Outcome::Answered);
  ASSERT_TRUE(o.answer);
  EXPECT_EQ(o.answer->path, kWifi);
  EXPECT_THAT(o.events, IsEmpty());
  EXPECT_EQ(o.agent.selected_path(), kMobile);
  EXPECT_EQ(o.agent.next_timeout(), deadline);
}

TEST(LiteAgentReplay, DoesNotBringBackACallThatHasLostConsent) {
  Owned o;
  const auto copied = kCheck.nominating().encode();
  o.give(kStart, kWifi, copied);
  o.timeout(kStart + 30s);
  EXPECT_EQ(o.give(kStart + 31s, kWifi, copied), Outcome::DroppedReplay);
  EXPECT_EQ(o.agent.state(), State::Disconnected);
  EXPECT_EQ(o.check(kStart + 32s, kWifi, kCheck), Outcome::Answered);
}

}  // namespace
}  // namespace sfu::ice

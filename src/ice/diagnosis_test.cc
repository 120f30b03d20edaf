#include "ice/diagnosis.h"

#include <gtest/gtest.h>

#include "ice/lite_agent.h"
#include "ice/scripted_check_for_test.h"

namespace sfu::ice {
namespace {

const Credentials kOurs{"ufrag", "password"};
const Endpoint kFirst{IpAddress::v4(0xC0000201), 40000};
const Endpoint kSecond{IpAddress::parse("2001:db8::1").value(), 40000};
const Endpoint kClient{IpAddress::v4(0xC6336407), 5000};
constexpr Timestamp kStart = Timestamp(std::chrono::seconds(1000));

void check(LiteAgent& agent, const Endpoint& local, const ScriptedCheck& check) {
  static std::uint32_t checks = 0;
  const auto bytes = check.numbered(++checks).encode();
  agent.handle_datagram(kStart, {{local, kClient}, bytes});
  agent.poll_transmit();
  while (agent.poll_event()) {
  }
}

std::string explain(const LiteAgent& agent) {
  return describe(agent.diagnosis(), std::vector<Endpoint>{kFirst, kSecond});
}

TEST(Diagnosis, NamesEveryCandidateWhenNoCheckCame) {
  const LiteAgent agent({.credentials = kOurs});
  EXPECT_EQ(explain(agent),
            "no valid check; no check ever came to 192.0.2.1:40000, [2001:db8::1]:40000");
}

TEST(Diagnosis, TellsWrongCredentialsFromSilence) {
  LiteAgent agent({.credentials = kOurs});
  ScriptedCheck wrong = ScriptedCheck::to(kOurs);
  wrong.password = "guess";
  check(agent, kFirst, wrong);
  check(agent, kFirst, wrong);
  check(agent, kFirst, ScriptedCheck::to({"stale", "password"}));
  EXPECT_EQ(explain(agent),
            "no valid check; refused 2 with a wrong password, 1 with a wrong username (last from "
            "198.51.100.7:5000 to 192.0.2.1:40000); no check ever came to [2001:db8::1]:40000");
}

TEST(Diagnosis, SaysThatNothingWasNominated) {
  LiteAgent agent({.credentials = kOurs});
  check(agent, kFirst, ScriptedCheck::to(kOurs));
  EXPECT_EQ(explain(agent),
            "1 valid check (last from 198.51.100.7:5000 to 192.0.2.1:40000), none nominates; "
            "no check ever came to [2001:db8::1]:40000");
}

TEST(Diagnosis, CountsEachKindOfRefusalOnce) {
  LiteAgent agent({.credentials = kOurs});
  ScriptedCheck controlled = ScriptedCheck::to(kOurs);
  std::swap(controlled.controlling, controlled.controlled);
  check(agent, kFirst, controlled);
  ScriptedCheck unknown = ScriptedCheck::to(kOurs);
  unknown.unknown_type = 0x7FFF;
  check(agent, kFirst, unknown);
  ScriptedCheck response = ScriptedCheck::to(kOurs);
  response.message_class = stun::Class::SuccessResponse;
  check(agent, kFirst, response);
  const Diagnosis d = agent.diagnosis();
  EXPECT_EQ(d.role_conflicts, 1U);
  EXPECT_EQ(d.bad_requests, 1U);
  EXPECT_EQ(d.not_requests, 1U);
  EXPECT_EQ(d.valid_checks + d.malformed + d.bad_fingerprint + d.bad_integrity + d.wrong_username,
            0U);
}

TEST(Diagnosis, IsSilentAboutCandidatesOnceEachWasChecked) {
  LiteAgent agent({.credentials = kOurs});
  check(agent, kFirst, ScriptedCheck::to(kOurs));
  check(agent, kSecond, ScriptedCheck::to(kOurs).nominating());
  EXPECT_EQ(explain(agent), "2 valid checks (last from 198.51.100.7:5000 to [2001:db8::1]:40000)");
  EXPECT_EQ(agent.diagnosis().nominations, 1U);
}

TEST(Diagnosis, RemembersABoundedNumberOfLocalAddresses) {
  LiteAgent agent({.credentials = kOurs});
  const std::size_t bound = Diagnosis::kMaxCheckedLocals;
  const auto local = [](std::size_t n) {
    return Endpoint{IpAddress::v4(0xC0000201), static_cast<std::uint16_t>(40000 + n)};
  };
  for (std::size_t n = 0; n <= bound; ++n) check(agent, local(n), ScriptedCheck::to(kOurs));
  EXPECT_TRUE(agent.diagnosis().was_checked(local(bound - 1)));
  EXPECT_FALSE(agent.diagnosis().was_checked(local(bound)));
}

}  // namespace
}  // namespace sfu::ice

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "crypto/random.h"
#include "ice/lite_agent.h"
#include "ice/scripted_check_for_test.h"

/// Virtual time: a client that checks its paths regularly, over links that lose, delay and die.
namespace sfu::ice {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = Timestamp(1000s);

Path path_from(std::string_view remote_ip, std::uint16_t port) {
  return {{IpAddress::v4(0xC0000201), 40000}, {IpAddress::parse(remote_ip).value(), port}};
}

const Path kWifi = path_from("198.51.100.7", 5000);
const Path kWifiNewPort = path_from("198.51.100.7", 5001);
const Path kMobile = path_from("203.0.113.9", 6000);

/// One pair that the client keeps checking.
struct Checked {
  Path path;
  TimeDelta interval;
  bool nominates;
  Timestamp next;
};

struct Call {
  explicit Call(std::uint32_t seed = 1) : random(seed) {}

  void start_checking(const Path& path, TimeDelta interval, bool nominates) {
    stop_checking(path);
    client.push_back({path, interval, nominates, now});
  }
  void stop_checking(const Path& path) {
    std::erase_if(client, [&](const Checked& c) { return c.path == path; });
  }

  void run_until(Timestamp end) {
    while (true) {
      const Timestamp next = next_event();
      if (next > end) break;
      ASSERT_GE(next, now);
      now = next;
      for (Checked& c : client)
        if (c.next <= now) send(c);
      if (const auto timeout = agent.next_timeout(); timeout && *timeout <= now) {
        agent.handle_timeout(now);
        drain();
        ASSERT_TRUE(!agent.next_timeout() || *agent.next_timeout() > now)
            << "a handled timeout must move on";
      }
    }
    now = end;
  }
  void run_for(TimeDelta span) { run_until(now + span); }

  Timestamp next_event() const {
    Timestamp next = agent.next_timeout().value_or(Timestamp::max());
    for (const Checked& c : client) next = std::min(next, c.next);
    return next;
  }

  void send(Checked& c) {
    c.next = now + c.interval;
    if (std::bernoulli_distribution(loss)(random)) return;
    const auto bytes = (c.nominates ? check.nominating() : check).numbered(++checks).encode();
    agent.handle_datagram(now, {c.path, bytes});
    drain();
  }

  void drain() {
    while (agent.poll_transmit()) ++answers;
    while (auto event = agent.poll_event())
      if (const auto* change = std::get_if<StateChanged>(&*event)) states.push_back(change->to);
  }

  const Credentials ours{"ufrag", "password"};
  const ScriptedCheck check = ScriptedCheck::to(ours);
  LiteAgent agent{{.credentials = ours}};
  std::vector<Checked> client;
  std::mt19937 random;
  double loss = 0;
  Timestamp now = kStart;
  std::uint32_t checks = 0;
  int answers = 0;
  std::vector<State> states;
};

TEST(LiteAgentConsent, IsLostThirtySecondsAfterTheLastCheckAndNotBefore) {
  Call call;
  call.start_checking(kWifi, 2500ms, true);
  call.run_for(10s);  // The last check comes at the end of these.
  call.stop_checking(kWifi);
  call.run_for(30s - 1us);
  EXPECT_EQ(call.agent.state(), State::Completed);
  EXPECT_EQ(call.agent.selected_path(), kWifi);
  call.run_for(1us);
  EXPECT_EQ(call.agent.state(), State::Disconnected);
  EXPECT_EQ(call.agent.selected_path(), std::nullopt) << "nothing may be sent without consent";
  EXPECT_FALSE(call.agent.is_validated(kWifi));
  EXPECT_EQ(call.agent.next_timeout(), std::nullopt);
}

TEST(LiteAgentConsent, ComesBackWithTheNextValidCheck) {
  Call call;
  call.start_checking(kWifi, 2500ms, true);
  call.run_for(10s);
  call.stop_checking(kWifi);
  call.run_for(60s);
  call.start_checking(kMobile, 2500ms, true);
  call.run_for(1s);
  EXPECT_EQ(call.agent.selected_path(), kMobile);
  EXPECT_THAT(call.states,
              testing::ElementsAre(State::Completed, State::Disconnected, State::Completed));
}

TEST(LiteAgentConsent, LastsAnHourOnChecksThatNoLongerNominate) {
  Call call;
  call.start_checking(kWifi, 5s, true);
  call.run_for(1s);
  call.start_checking(kWifi, 5s, false);
  call.run_for(1h);
  EXPECT_EQ(call.agent.state(), State::Completed);
  EXPECT_EQ(call.agent.path_count(), 1U);
}

TEST(LiteAgentConsent, IsNotRefreshedByForgedChecks) {
  Call call;
  call.start_checking(kWifi, 2500ms, true);
  call.run_for(1us);
  call.stop_checking(kWifi);
  ScriptedCheck forged = call.check;
  forged.password = "guess";
  const auto bytes = forged.encode();
  for (int i = 0; i < 29; ++i) {
    call.run_for(1s);
    call.agent.handle_datagram(call.now, {kWifi, bytes});
    call.drain();
  }
  call.run_for(1s);
  EXPECT_EQ(call.agent.state(), State::Disconnected);
}

TEST(LiteAgentConsent, EndsForEachPathByItself) {
  Call call;
  call.start_checking(kWifi, 2500ms, true);
  call.start_checking(kMobile, 2500ms, false);
  call.run_for(1s);
  call.stop_checking(kMobile);
  call.run_for(30s);
  EXPECT_FALSE(call.agent.is_validated(kMobile));
  EXPECT_EQ(call.agent.selected_path(), kWifi);
  EXPECT_EQ(call.agent.state(), State::Completed);
}

TEST(LiteAgentConsent, LossOfAllPathsAtOnceDoesNotMoveMediaToADyingOne) {
  Call call;
  call.start_checking(kWifi, 1h, true);
  call.start_checking(kMobile, 1h, false);
  call.run_for(30s);
  EXPECT_THAT(call.states, testing::ElementsAre(State::Completed, State::Disconnected));
}

TEST(LiteAgentMove, FollowsANewPortOfTheNatWithinTwelveSecondsThoughNothingNominates) {
  Call call;
  call.start_checking(kWifi, 5s, true);
  call.run_for(1s);
  call.start_checking(kWifi, 5s, false);
  call.run_for(60s);
  call.stop_checking(kWifi);
  call.start_checking(kWifiNewPort, 5s, false);
  call.run_for(LiteAgent::kSilenceBeforeMoving - 6s);
  EXPECT_EQ(call.agent.selected_path(), kWifi) << "one lost check is no reason to move";
  call.run_for(11s);
  EXPECT_EQ(call.agent.selected_path(), kWifiNewPort);
  EXPECT_EQ(call.agent.state(), State::Connected);
}

TEST(LiteAgentMove, DoesNotHappenWhileTheNominatedPathIsStillChecked) {
  Call call;
  call.start_checking(kWifi, 6s, true);
  call.start_checking(kMobile, 100ms, false);
  call.run_for(10min);
  EXPECT_EQ(call.agent.selected_path(), kWifi);
  EXPECT_THAT(call.states, testing::ElementsAre(State::Completed));
}

TEST(LiteAgentMove, LosesNoStateForAnySeedWhenHalfOfTheChecksAreLost) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    Call call(seed);
    call.loss = 0.5;
    call.start_checking(kWifi, 500ms, true);
    call.run_for(60s);
    EXPECT_EQ(call.agent.state(), State::Completed);
    EXPECT_EQ(call.agent.selected_path(), kWifi);
    EXPECT_GT(call.answers, 0);

    call.stop_checking(kWifi);
    call.start_checking(kMobile, 500ms, true);
    call.run_for(60s);
    EXPECT_EQ(call.agent.selected_path(), kMobile);
    EXPECT_FALSE(call.agent.is_validated(kWifi));
    EXPECT_EQ(std::count(call.states.begin(), call.states.end(), State::Disconnected), 0);
  }
}

}  // namespace
}  // namespace sfu::ice

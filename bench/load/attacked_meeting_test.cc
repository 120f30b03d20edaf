#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "load/run_load.h"
#include "load/running_server_for_test.h"
#include "signaling/auth/jwt.h"
#include "tests/integration/tcp_client.h"

// What attacks on HTTP and Socket.IO do to the media of a meeting on the same server: nothing is
// lost. How much later its packets come depends on the machine, and is printed.

namespace sfu::load {
namespace {

using signaling::TcpClient;

constexpr const char* kPolling = "/socket.io/?EIO=4&transport=polling";
constexpr std::size_t kAttackers = 2;
/// Of all attackers together: there are hundreds, unless the machine is busy with other things.
constexpr std::uint64_t kFewestBlows = 4;

/// From another machine, as a proxy would say it: no administrator.
constexpr const char* kElsewhere = "X-Forwarded-For: 203.0.113.9\r\n";

std::string connect_packet(const std::string& token) { return "40{\"token\":\"" + token + "\"}"; }

std::string good_token() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return signaling::auth::TokenSigner(kTestSecret)
      .sign({"mallory", "mallory@example.org", std::nullopt, std::nullopt}, now);
}

/// A WebSocket that has sent this CONNECT and read the answer.
std::unique_ptr<TcpClient> knock(std::uint16_t port, const std::string& token) {
  auto client = std::make_unique<TcpClient>(port);
  client->upgrade("/socket.io/?EIO=4&transport=websocket");
  client->frame();
  client->send_frame(connect_packet(token));
  client->frame();
  return client;
}

/// What attackers share with those who judge them.
struct Fight {
  const std::uint16_t port;
  std::atomic<bool> over = false;
  /// What the server has answered as it does to such an attack, or has taken to its end.
  std::atomic<std::uint64_t> blows = 0;

  void count(bool struck) { blows += struck ? 1 : 0; }
};

/// What one attacker does again and again.
using Attack = void (*)(Fight& fight);

void guess_sessions(Fight& fight) {
  TcpClient client(fight.port);
  while (!fight.over)
    fight.count(
        client.request("GET", std::string(kPolling) + "&sid=AAAAAAAAAAAAAAAAAAAA").status() == 400);
}

void guess_tokens(Fight& fight) {
  while (!fight.over) {
    knock(fight.port, "eyJhbGciOiJub25lIn0.eyJ1c2VySWQiOiJhbm4ifQ.");
    fight.count(true);
  }
}

void open_sessions(Fight& fight) {
  TcpClient client(fight.port);
  while (!fight.over) fight.count(client.request("GET", kPolling).status() == 200);
}

void ask_for_figures(Fight& fight) {
  TcpClient client(fight.port);
  while (!fight.over)
    for (const char* target : {"/stats", "/metrics", "/health"})
      fight.count(client.request("GET", target, kElsewhere).status() == 200);
}

/// Sends `frame` as fast as it is taken, and reads nothing.
void flood(Fight& fight, const std::string& frame, std::uint8_t opcode = 1) {
  while (!fight.over) {
    const auto client = knock(fight.port, good_token());
    while (!fight.over && client->send_frame(frame, opcode)) fight.count(true);
  }
}

void flood_events(Fight& fight) { flood(fight, "42[\"join-room\",{}]"); }

void flood_large_events(Fight& fight) {
  std::string dense = "42[\"no such event\",[0";
  while (dense.size() < 900'000) dense += ",[]";
  flood(fight, dense + "]]");
}

void flood_pings(Fight& fight) {
  constexpr std::uint8_t kPing = 9;
  flood(fight, "", kPing);
}

void begin_large_bodies(Fight& fight) {
  const std::string begun = "POST " + std::string(kPolling) +
                            " HTTP/1.1\r\nHost: x\r\nContent-Length: 950000\r\n\r\n" +
                            std::string(900'000, 'x');
  constexpr std::size_t kHeld = 100;
  std::vector<std::unique_ptr<TcpClient>> held;
  while (!fight.over) {
    if (held.size() == kHeld) held.erase(held.begin());
    held.push_back(std::make_unique<TcpClient>(fight.port));
    fight.count(held.back()->send(begun));
  }
}

/// An attacker sits elsewhere, and takes the server no processor but by what it sends: here that is
/// so only for a thread that runs when nobody else does.
void run_elsewhere() {
  const sched_param none{};
  EXPECT_EQ(sched_setscheduler(0, SCHED_IDLE, &none), 0);
}

struct Case {
  const char* name;
  Attack attack;
  const char* refusal;  // In /metrics, where something is refused.
};

class MeetingBeside : public testing::TestWithParam<Case> {
 protected:
  Outcome meet() {
    const Options options = small_meeting(server_, 1);
    auto outcome = run_load(options);
    EXPECT_TRUE(outcome) << outcome.error();
    EXPECT_THAT(outcome->results.unmet(options, *outcome->metrics), testing::IsEmpty());
    EXPECT_EQ(outcome->results.window.lost, 0u);
    return std::move(*outcome);
  }
  /// The sum of all counters in /metrics whose labels contain `part`.
  double counted(const std::string& part) {
    const std::string text = TcpClient(server_.port()).request("GET", "/metrics").body;
    double sum = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
      sum += std::stod(text.substr(text.find("} ", at) + 2));
    return sum;
  }
  static void tell(const std::string& name, const Outcome& outcome) {
    const auto us = [](Nanoseconds time) { return static_cast<double>(time.count()) / 1e3; };
    const Histogram& latency = outcome.metrics->latency;
    std::printf("%-22s media p50 %6.0f us, p99 %6.0f us; answers p99 %8.0f us\n", name.c_str(),
                us(latency.percentile(0.5)), us(latency.percentile(0.99)),
                us(outcome.metrics->answers.percentile(0.99)));
  }

  const RunningServer server_;
};

TEST_P(MeetingBeside, LosesNoPacketAndTheServerSaysWhatItRefused) {
  tell("quiet", meet());
  Fight fight{.port = server_.port()};
  std::vector<std::thread> attackers;
  for (std::size_t i = 0; i < kAttackers; ++i)
    attackers.emplace_back([&] {
      run_elsewhere();
      GetParam().attack(fight);
    });
  tell(GetParam().name, meet());
  fight.over = true;
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_GE(fight.blows, kFewestBlows) << "that was no attack";
  if (!GetParam().refusal) return;
  EXPECT_GT(counted(GetParam().refusal), 0) << GetParam().refusal;
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, MeetingBeside,
    testing::Values(Case{"GuessedSessions", guess_sessions, "kind=\"bad_request\""},
                    Case{"GuessedTokens", guess_tokens, "code=\"token_invalid\""},
                    Case{"SessionsThatNeverConnect", open_sessions, nullptr},
                    Case{"QuestionsForFigures", ask_for_figures, nullptr},
                    Case{"FloodOfEvents", flood_events, "code=\"rate_limited\""},
                    Case{"FloodOfLargeEvents", flood_large_events, "code=\"unknown_event\""},
                    Case{"FloodOfPings", flood_pings, "kind=\"too_much\""},
                    Case{"LargeBodiesThatNeverEnd", begin_large_bodies, nullptr}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sfu::load

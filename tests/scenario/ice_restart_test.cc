#include <array>

#include "tests/scenario/call_of_two.h"

// ICE restarts in mid-call: new credentials, while DTLS and media go on as they are.

namespace sfu::sim {
namespace {

TEST(IceRestart, InMidCallIsNotSeen) {
  for (const double loss : {0.0, 0.1}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      SEEDED(seed);
      CallOfTwo call(seed, {.delay = 20ms, .loss = loss});
      const auto told = call.told().size();
      for (int i = 0; i < 3; ++i) {
        call.conference.restart_ice(*call.alice, 200ms);
        call.conference.restart_ice(*call.bob, 200ms);
        call.conference.run_for(1s);
      }
      expect_unharmed(call.conference, loss == 0.0 ? 150ms : 1500ms);
      EXPECT_EQ(call.told().size(), told) << "neither ICE nor DTLS came to another state";
    }
  }
}

TEST(IceRestart, ThatTheClientNeverFollowsChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    const auto told = call.told().size();
    for (const TransportId transport : {call.alice->send, call.bob->receive})
      for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(call.conference.request(core::RestartIce{transport}));
    call.conference.run_for(60s);
    expect_unharmed(call.conference, 150ms);
    EXPECT_EQ(call.told().size(), told);
  }
}

TEST(IceRestart, TogetherWithANewNetworkIsHardlySeen) {
  for (const double loss : {0.0, 0.1}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      SEEDED(seed);
      CallOfTwo call(seed, {.delay = 20ms, .loss = loss});
      for (const std::uint32_t address : {0x0a020001u, 0x0a030001u}) {
        call.conference.move(*call.alice, IpAddress::v4(address));
        call.conference.restart_ice(*call.alice);
        call.conference.run_for(1500ms);
      }
      expect_all_flow(call.conference, loss == 0.0 ? 250ms : 1500ms);
      const auto stats = call.conference.transport_stats(call.alice->send);
      EXPECT_NE(stats.selected_path.find("10.3.0.1"), std::string::npos) << stats.selected_path;
      EXPECT_THAT(call.conference.complaints(), IsEmpty());
    }
  }
}

TEST(IceRestart, BringsBackACallThatHasLostConsent) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    cut(call.conference, *call.bob, true, true);
    call.conference.run_for(35s);
    const auto lost = call.told().back();
    EXPECT_EQ(lost.ice, core::IceState::Disconnected);
    EXPECT_EQ(lost.dtls, core::DtlsState::Connected) << "keys outlive a lost way";
    call.conference.move(*call.bob, IpAddress::v4(0x0a020001));
    call.conference.restart_ice(*call.bob, 100ms);
    call.conference.run_for(500ms);
    EXPECT_EQ(call.told().back().ice, core::IceState::Completed);
    call.conference.run_for(2s);
    reset_gaps(call.conference);
    call.conference.run_for(2s);
    expect_unharmed(call.conference, 200ms);
  }
}

TEST(IceRestart, LeavesThePathThatWasNominatedBeforeOpenUntilItsConsentEnds) {
  CallOfTwo call(1);
  const Endpoint former = call.alice->browser->send_endpoint();
  call.conference.move(*call.alice, IpAddress::v4(0x0a020001));
  call.conference.restart_ice(*call.alice);
  call.conference.run_for(1s);
  const auto knock = [&] {  // As a media packet that was long under way.
    const std::array<std::uint8_t, 20> rtp{0x80, 100};
    call.conference.network().inject({former, {call.conference.server_address(), 40000}}, rtp);
    call.conference.run_for(100ms);
    return call.conference.worker_stats().refused;
  };
  const auto before = call.conference.worker_stats().refused;
  const auto open = knock();
  EXPECT_EQ(open.srtp, before.srtp + 1) << "it came to the transport";
  EXPECT_EQ(open.strangers, before.strangers);
  call.conference.run_for(31s);
  const auto ended = knock();
  EXPECT_EQ(ended.srtp, open.srtp);
  EXPECT_EQ(ended.strangers, open.strangers + 1) << "now it is a stranger's";
}

}  // namespace
}  // namespace sfu::sim

#include "tests/scenario/call_of_two.h"

// Clients whose address changes, and peers that are gone for a while.

namespace sfu::sim {
namespace {

TEST(Addresses, ChangeOfPortsInMidCallIsHardlySeen) {
  for (const double loss : {0.0, 0.1}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SEEDED(seed);
      CallOfTwo call(seed, {.delay = 20ms, .loss = loss});
      for (std::uint16_t i = 0; i < 4; ++i) {
        call.alice->browser->move_to_ports(static_cast<std::uint16_t>(7000 + i),
                                           static_cast<std::uint16_t>(8000 + i));
        call.conference.run_for(1500ms);
      }
      expect_unharmed(call.conference, loss == 0.0 ? 250ms : 1500ms);
    }
  }
}

TEST(Addresses, RebindingThatTheClientDoesNotNoticeEndsWithItsNextCheck) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    call.alice->browser->rebind_ports(7001, 8001);
    call.conference.run_for(4s);
    reset_gaps(call.conference);
    call.conference.run_for(2s);
    expect_unharmed(call.conference, 200ms);
  }
}

TEST(Addresses, AnotherNetworkInMidCallIsHardlySeen) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    call.conference.move(*call.bob, IpAddress::v4(0x0a020001));
    call.conference.run_for(2s);
    expect_all_flow(call.conference, 250ms);
    const std::string path = call.conference.transport_stats(call.bob->send).selected_path;
    EXPECT_NE(path.find("10.2.0.1"), std::string::npos) << path;
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Addresses, AnotherNetworkAndBackAgainManyTimesIsHardlySeen) {
  for (const double loss : {0.0, 0.1}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      SEEDED(seed);
      CallOfTwo call(seed, {.delay = 20ms, .loss = loss});
      const IpAddress home = call.alice->browser->address();
      for (int i = 0; i < 4; ++i) {
        call.conference.move(*call.alice, IpAddress::v4(0x0a020001));
        call.conference.run_for(800ms);
        call.conference.move(*call.alice, home);
        call.conference.run_for(800ms);
      }
      expect_unharmed(call.conference, loss == 0.0 ? 250ms : 1500ms);
    }
  }
}

TEST(Addresses, FromIpv4ToIpv6AndBackIsHardlySeen) {
  const IpAddress six = IpAddress::parse("2001:db8::1").value();
  const IpAddress client_six = IpAddress::parse("2001:db8:1::7").value();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    CallOfTwo call({.seed = seed, .server_addresses = {IpAddress::v4(0x0a000001), six}},
                   {.delay = 20ms});
    const IpAddress client_four = call.bob->browser->address();
    call.conference.move_to_server_address(*call.bob, 1, client_six);
    call.conference.run_for(2s);
    for (const TransportId transport : {call.bob->send, call.bob->receive}) {
      const std::string path = call.conference.transport_stats(transport).selected_path;
      EXPECT_NE(path.find("2001:db8:1::7"), std::string::npos) << path;
    }
    call.conference.move_to_server_address(*call.bob, 0, client_four);
    call.conference.run_for(2s);
    expect_unharmed(call.conference, 250ms);
  }
}

TEST(Addresses, MediaThatWasUnderWayAlongTheFormerPathIsNotLost) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed, {.delay = 120ms});
    const IpAddress next = IpAddress::v4(0x0a020001);
    const IpAddress& server = call.conference.server_address();
    call.conference.network().set_link(next, server, {.delay = 5ms});  // It overtakes the rest.
    call.conference.network().set_link(server, next, {.delay = 5ms});
    const auto nacks = call.alice->browser->nacks_received();
    const auto dropped = call.conference.worker_stats().packets_dropped;
    call.conference.move(*call.alice, next);
    call.conference.run_for(2s);
    EXPECT_LE(call.conference.worker_stats().packets_dropped, dropped + 1)
        << "at most what the new path brought before its first check";
    EXPECT_LE(call.alice->browser->nacks_received(), nacks + 4) << "reordering, not loss";
    expect_unharmed(call.conference, 250ms);
  }
}

TEST(Addresses, CannotBeTakenOverByWhoCopiesChecksOnTheirWay) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    const Endpoint thief{IpAddress::v4(0x0a660001), 6666};
    const Endpoint server{call.conference.server_address(), 40000};
    std::vector<std::vector<std::uint8_t>> copies;
    std::size_t stolen = 0;
    call.conference.network().set_tap([&](Timestamp, const Path& path, Bytes datagram) {
      if (path.local == server && datagram[0] <= 3 && path.remote != thief)
        copies.emplace_back(datagram.begin(), datagram.end());
    });
    struct Ear final : Host {
      explicit Ear(std::size_t& n) : heard(n) {}
      void handle_datagram(Timestamp, const Path&, Bytes) override { ++heard; }
      void handle_timeout(Timestamp) override {}
      void flush(Timestamp, Outbox&) override {}
      Timestamp next_timeout() const override { return Timestamp::max(); }
      std::size_t& heard;
    } ear(stolen);
    call.conference.network().attach(thief.ip, ear);
    for (int i = 0; i < 50; ++i) {
      call.conference.run_for(200ms);
      for (const auto& copy : copies) call.conference.network().inject({thief, server}, copy);
    }
    EXPECT_GE(copies.size(), 8u);
    EXPECT_EQ(stolen, 0u) << "not one datagram goes to who only copies";
    expect_unharmed(call.conference, 150ms);
    call.conference.network().set_tap({});
  }
}

TEST(Addresses, TwoClientsThatSwapThemKeepTheirOwnStreams) {
  for (const double loss : {0.0, 0.1}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SEEDED(seed);
      CallOfTwo call(seed, {.delay = 20ms, .loss = loss});
      for (int i = 0; i < 3; ++i) {
        call.conference.swap_addresses(*call.alice, *call.bob);
        call.conference.run_for(2s);
      }
      reset_gaps(call.conference);
      call.conference.run_for(2s);
      expect_unharmed(call.conference, loss == 0.0 ? 200ms : 1000ms);
    }
  }
}

TEST(Consent, ExpiresAfterThirtySecondsOfSilenceAndComesBackWithTheClient) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SEEDED(seed);
    CallOfTwo call(seed);
    cut(call.conference, *call.bob, true, true);
    call.conference.run_for(25s);
    EXPECT_EQ(call.told(call.bob->receive).back().ice, core::IceState::Completed);
    call.conference.run_for(10s);
    EXPECT_EQ(call.told(call.bob->receive).back().ice, core::IceState::Disconnected);
    const auto sent = call.conference.transport_stats(call.bob->receive).packets_sent;
    call.conference.run_for(2s);
    EXPECT_EQ(call.conference.transport_stats(call.bob->receive).packets_sent, sent)
        << "nothing is sent to who does not consent (RFC 7675)";
    EXPECT_LE(call.conference.worker_stats().packets_dropped, 10u);

    cut(call.conference, *call.bob, false, false);
    call.conference.run_for(4s);
    EXPECT_EQ(call.told(call.bob->receive).back().ice, core::IceState::Completed);
    reset_gaps(call.conference);
    call.conference.run_for(2s);
    expect_unharmed(call.conference, 200ms);
  }
}

TEST(Consent, LostByAViewerCostsTheSenderNoKeyFrames) {
  CallOfTwo call(1);
  cut(call.conference, *call.bob, true, true);
  call.conference.run_for(35s);
  const auto plis = call.alice->browser->plis_received();
  call.conference.run_for(30s);
  EXPECT_EQ(call.alice->browser->plis_received(), plis);
}

}  // namespace
}  // namespace sfu::sim

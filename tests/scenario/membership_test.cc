#include "tests/scenario/scenario.h"

// People come and go, and leave nothing behind.

namespace sfu::sim {
namespace {

struct Census {
  std::uint32_t transports, producers, consumers, buffers;
  friend bool operator==(const Census&, const Census&) = default;
};

Census count(Conference& conference) {
  const core::WorkerStats stats = conference.worker_stats();
  return {stats.transports, stats.producers, stats.consumers,
          static_cast<std::uint32_t>(conference.core().arena().in_use())};
}

TEST(Membership, TwoHundredWhoComeAndGoLeaveNothing) {
  for (const std::uint64_t seed : {1u, 2u}) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = {.delay = 10ms, .jitter = 10ms, .loss = 0.02};
    const RouterId room = conference.open_room();
    const Census empty = count(conference);
    std::mt19937_64 random(seed);
    int joins = 0;
    while (joins < 200) {
      const bool full = conference.members().size() >= 6;
      if (!full && (conference.members().empty() || random() % 2 == 0)) {
        conference.join(room, {.audio = random() % 2 == 0,
                               .video = random() % 3 != 0,
                               .simulcast_layers = 1 + random() % 3});
        ++joins;
      } else {
        conference.leave(*conference.members()[random() % conference.members().size()]);
      }
      conference.run_for(std::chrono::milliseconds(random() % 120));
    }
    while (!conference.members().empty()) conference.leave(*conference.members().back());
    conference.run_for(100ms);
    EXPECT_EQ(count(conference).transports, 0u);
    EXPECT_EQ(count(conference).producers, 0u);
    EXPECT_EQ(count(conference).consumers, 0u);
    EXPECT_EQ(count(conference), empty) << "packet buffers are back";
    EXPECT_EQ(conference.core().next_timeout(), std::nullopt);
    EXPECT_TRUE(conference.request(core::CloseRouter{room}));
    EXPECT_EQ(conference.worker_stats().routers, 0u);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Membership, OneWhoLeavesAndRejoinsSeesAndIsSeenAgain) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(seed);
    const RouterId room = conference.open_room();
    conference.join(room);
    for (int i = 0; i < 5; ++i) {
      Member& guest = conference.join(room);
      conference.run_for(1500ms);
      expect_all_flow(conference, 300ms);
      conference.leave(guest);
      conference.run_for(100ms);
      EXPECT_TRUE(conference.members()[0]->consumers.empty());
    }
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Membership, OneWhoLeavesDisturbsNobodyElse) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  for (int i = 0; i < 5; ++i) conference.join(room);
  conference.run_for(2s);
  reset_gaps(conference);
  conference.leave(*conference.members()[2]);
  conference.run_for(1s);
  conference.leave(*conference.members()[0]);
  conference.run_for(1s);
  expect_all_flow(conference, 150ms);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

TEST(Membership, ScreenBesideCameraIsAStreamOfItsOwn) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room);
  Member& bob = conference.join(room, kNothing);
  conference.run_for(2s);
  conference.publish(alice, kVideoOnly);
  conference.run_for(1s);
  ASSERT_EQ(bob.consumers.size(), 3u);
  const ProducerId screen = alice.producers.back().id;
  expect_all_flow(conference, 300ms);
  conference.unpublish(alice, screen);
  reset_gaps(conference);
  conference.run_for(1s);
  ASSERT_EQ(bob.consumers.size(), 2u);
  expect_all_flow(conference, 150ms);
  EXPECT_EQ(conference.worker_stats().producers, 2u);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

TEST(Membership, RoomThatClosesInMidCallFreesAll) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  const RouterId other = conference.open_room();
  for (int i = 0; i < 4; ++i) conference.join(i < 2 ? room : other);
  conference.run_for(1s);
  EXPECT_TRUE(conference.request(core::CloseRouter{room}));
  EXPECT_EQ(count(conference).transports, 4u);
  EXPECT_EQ(count(conference).consumers, 4u);
  conference.run_for(1s);
  EXPECT_TRUE(conference.request(core::CloseRouter{other}));
  EXPECT_EQ(count(conference), (Census{0, 0, 0, 0}));
  conference.run_for(1s);
  EXPECT_EQ(conference.core().next_timeout(), std::nullopt);
}

TEST(Membership, ClosingInAnyOrderIsSafe) {
  // Each bit of `order` says whether the publisher's or the viewer's part goes first.
  for (unsigned order = 0; order < 8; ++order) {
    SCOPED_TRACE(order);
    Conference conference(order + 1);
    const RouterId room = conference.open_room();
    Member& alice = conference.join(room, kThreeLayers);
    Member& bob = conference.join(room, kNothing);
    conference.run_for(order % 2 == 0 ? 1s : 60ms);  // The odd ones while consumers still wait.
    const auto consumer = Conference::viewed(bob, alice, MediaKind::Video).id;
    const auto producer = Conference::published(alice, MediaKind::Video).id;
    if ((order & 1) != 0) {
      EXPECT_TRUE(conference.request(core::CloseConsumer{consumer}));
    }
    if ((order & 2) != 0) {
      EXPECT_TRUE(conference.request(core::CloseProducer{producer}));
    }
    conference.run_for(30ms);
    const TransportId first = (order & 4) != 0 ? alice.send : bob.receive;
    const TransportId second = (order & 4) != 0 ? bob.receive : alice.send;
    EXPECT_TRUE(conference.request(core::CloseTransport{first}));
    conference.run_for(30ms);
    EXPECT_TRUE(conference.request(core::CloseTransport{second}));
    conference.run_for(30ms);
    EXPECT_TRUE(conference.request(core::CloseRouter{room}));
    EXPECT_EQ(count(conference), (Census{0, 0, 0, 0}));
    conference.run_for(1s);
    EXPECT_EQ(conference.core().next_timeout(), std::nullopt);
  }
}

/// The second packet of a frame arrives together with the first, which is queued for Bob by then.
TEST(Membership, WhatClosesBetweenArrivalAndFlushIsNotSent) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVideoOnly);
  Member& bob = conference.join(room, kNothing);
  conference.run_for(1s);
  const auto queued_so_far = [&] {
    return conference.transport_stats(bob.receive).consumers.front().stream.packets;
  };
  const auto handed_over_so_far = [&] { return conference.worker_stats().media_packets_sent; };
  std::optional<Timestamp> closed;
  Timestamp batch{};
  std::uint64_t queued = 0, handed_over = 0, too_late = 0;
  // The tap runs as the server has the datagram in hand, before it is flushed.
  conference.network().set_tap([&](Timestamp now, const Path& path, Bytes datagram) {
    if (datagram[0] < 128 || rtcp::looks_like_rtcp(datagram)) return;
    if (path.local == bob.browser->receive_endpoint())
      too_late += closed && now >= *closed + conference.network().default_link.delay;
    if (path.local.ip != conference.server_address() || closed) return;
    if (now != batch) {
      batch = now;
      queued = queued_so_far();
      handed_over = handed_over_so_far();
      return;
    }
    EXPECT_GT(queued_so_far(), queued);
    EXPECT_EQ(handed_over_so_far(), handed_over);
    closed = now;
    EXPECT_TRUE(conference.request(core::CloseTransport{bob.receive}));
    EXPECT_TRUE(
        conference.request(core::CloseProducer{Conference::published(alice, MediaKind::Video).id}));
  });
  conference.run_for(1s);
  EXPECT_TRUE(closed);
  EXPECT_EQ(too_late, 0u);
  EXPECT_EQ(conference.worker_stats().media_packets_sent, handed_over);
  EXPECT_EQ(conference.worker_stats().consumers, 0u);
}

}  // namespace
}  // namespace sfu::sim

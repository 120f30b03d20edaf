#include "tests/scenario/scenario.h"

// Whole meetings, over networks good and bad.

namespace sfu::sim {
namespace {

TEST(Conference, TwoPeopleDecodeEachOther) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room);
  Member& bob = conference.join(room);
  conference.run_for(5s);
  EXPECT_TRUE(alice.browser->send_connected() && bob.browser->receive_connected());
  for (const auto* member : {&alice, &bob}) {
    ASSERT_EQ(member->consumers.size(), 2u);
    for (const auto& viewed : member->consumers) {
      const bool video = viewed.kind == MediaKind::Video;
      EXPECT_GT(viewed.receiver->frames_decoded(), video ? 85u : 220u);
      EXPECT_LT(viewed.receiver->longest_gap(conference.now()), 300ms);
    }
  }
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

/// Twenty people, every third of them with three simulcast layers, who join 40 ms apart.
void meet(Conference& conference, int people) {
  const RouterId room = conference.open_room();
  for (int i = 0; i < people; ++i) {
    conference.join(room, {.audio = true, .video = true, .simulcast_layers = i % 3 == 0 ? 3u : 1u});
    conference.run_for(40ms);
  }
}

struct Condition {
  const char* name;
  Link link;
  TimeDelta longest_gap;
  std::uint64_t seeds = 1;
};

class TwentyPeople : public testing::TestWithParam<Condition> {};

TEST_P(TwentyPeople, AllDecodeAll) {
  for (std::uint64_t seed = 1; seed <= GetParam().seeds; ++seed) {
    SEEDED(seed);
    Conference conference(seed);
    conference.network().default_link = GetParam().link;
    meet(conference, 20);
    conference.run_for(2s);
    reset_gaps(conference);
    conference.run_for(2500ms);
    for (const auto& member : conference.members()) EXPECT_EQ(member->consumers.size(), 38u);
    expect_all_flow(conference, GetParam().longest_gap);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, TwentyPeople,
    testing::Values(Condition{"Clean", {.delay = 20ms}, 130ms},
                    Condition{"Reordering", {.delay = 20ms, .jitter = 15ms}, 160ms},
                    Condition{"Duplicating", {.delay = 20ms, .duplication = 0.1}, 130ms},
                    Condition{"Far", {.delay = 150ms, .jitter = 5ms}, 200ms},
                    Condition{"Lossy", {.delay = 20ms, .loss = 0.02}, 500ms, 2},
                    Condition{"AllAtOnce",
                              {.delay = 40ms, .jitter = 10ms, .loss = 0.02, .duplication = 0.02},
                              700ms,
                              2}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Conference, NothingIsMissingWhereNothingIsLost) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Conference conference(seed);
    meet(conference, 6);
    conference.run_for(5s);
    for (const auto& member : conference.members()) {
      for (const StreamReceiver& receiver : member->browser->receivers()) {
        EXPECT_EQ(receiver.missing(), 0u);
        EXPECT_EQ(receiver.nacks(), 0u);
        EXPECT_EQ(receiver.plis(), 0u);
      }
      EXPECT_EQ(member->browser->nacks_received(), 0u);
    }
    EXPECT_EQ(conference.worker_stats().packets_dropped, 0u);
    EXPECT_THAT(conference.complaints(), IsEmpty());
  }
}

TEST(Conference, RoomsDoNotHearEachOther) {
  Conference conference(1);
  const RouterId one = conference.open_room();
  const RouterId other = conference.open_room();
  Member& alice = conference.join(one);
  Member& bob = conference.join(other);
  conference.run_for(2s);
  EXPECT_TRUE(alice.browser->send_connected() && bob.browser->send_connected());
  EXPECT_TRUE(alice.consumers.empty() && bob.consumers.empty());
  EXPECT_EQ(conference.transport_stats(alice.receive).rtp_bytes_sent, 0u);
  EXPECT_EQ(conference.transport_stats(bob.receive).rtp_bytes_sent, 0u);
}

std::uint64_t digest_of_a_bad_day(std::uint64_t seed) {
  Conference conference(seed);
  conference.network().default_link = {
      .delay = 30ms, .jitter = 10ms, .loss = 0.03, .burst = 2.0, .duplication = 0.02};
  const RouterId room = conference.open_room();
  for (std::size_t i = 0; i < 5; ++i)
    conference.join(room, {.audio = true, .video = true, .simulcast_layers = 1 + i % 3});
  conference.run_for(1s);
  conference.leave(*conference.members()[1]);
  conference.join(room);
  conference.run_for(2s);
  EXPECT_GT(conference.network().delivered(), 5000u);
  return conference.network().traffic_digest();
}

TEST(Conference, TheSameSeedIsTheSameRunToTheByte) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    EXPECT_EQ(digest_of_a_bad_day(seed), digest_of_a_bad_day(seed));
  }
}

TEST(Conference, AnotherSeedIsAnotherRun) {
  EXPECT_NE(digest_of_a_bad_day(1), digest_of_a_bad_day(2));
}

TEST(Conference, OverIpv6IsTheSame) {
  Conference conference(
      {.seed = 1, .server_addresses = {*IpAddress::parse("2001:db8::1")}, .limits = {}});
  conference.network().default_link = {.delay = 20ms, .loss = 0.01};
  meet(conference, 4);
  EXPECT_FALSE(conference.members()[0]->browser->address().is_v4());
  conference.run_for(3s);
  expect_all_flow(conference, 500ms);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

TEST(Conference, AnswersLeaveFromTheAddressThatWasAsked) {
  const std::vector<IpAddress> addresses = {IpAddress::v4(0x0a000001), IpAddress::v4(0x0a000002),
                                            *IpAddress::parse("2001:db8::1")};
  Conference conference({.seed = 1, .server_addresses = addresses, .limits = {}});
  const RouterId room = conference.open_room();
  for (std::size_t i = 0; i < addresses.size(); ++i)
    conference.join(room, {}, {.server_address = i});
  conference.run_for(3s);
  expect_all_flow(conference, 300ms);
  for (const auto& member : conference.members()) {
    EXPECT_EQ(member->browser->strays(), 0u) << member->name;
    const std::string path = conference.transport_stats(member->send).selected_path;
    EXPECT_NE(path.find(addresses[member->manner.server_address].to_string()), std::string::npos)
        << path;
  }
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

}  // namespace
}  // namespace sfu::sim

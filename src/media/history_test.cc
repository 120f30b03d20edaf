#include "media/history.h"

#include <gtest/gtest.h>

#include <map>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;

ReceivedPacket packet(PacketArena& arena, Timestamp arrival, std::int64_t sequence,
                      std::size_t payload = 4) {
  test::PacketSpec spec;
  spec.sequence = static_cast<std::uint16_t>(sequence);
  spec.payload.assign(payload, 0x42);
  PacketBuffer buffer = test::to_buffer(arena, test::make_packet(spec));
  const auto view = rtp::PacketView::parse(buffer.bytes());
  ReceivedPacket made{.buffer = std::move(buffer), .view = *view, .arrival = arrival};
  made.sequence = sequence;
  return made;
}

TEST(History, FindsWhatItKeptAndNothingElse) {
  PacketArena arena;
  History history;
  EXPECT_EQ(history.find(5), nullptr);
  const ReceivedPacket& kept = history.add(at_ms(0), packet(arena, at_ms(0), 5));
  EXPECT_EQ(kept.sequence, 5);
  EXPECT_EQ(history.find(5), &kept);
  EXPECT_EQ(history.find(4), nullptr);
  EXPECT_EQ(history.find(6), nullptr);
  EXPECT_EQ(history.find(5 + 65536), nullptr);
}

TEST(History, KeepsALatePacketInItsPlace) {
  PacketArena arena;
  History history;
  for (const std::int64_t n : {10, 11, 14, 12}) history.add(at_ms(n), packet(arena, at_ms(n), n));
  ASSERT_NE(history.find(12), nullptr);
  EXPECT_EQ(history.find(13), nullptr);
  EXPECT_EQ(history.newest(), 14);
  EXPECT_EQ(history.packets(), 4u);
}

TEST(History, HoldsButDoesNotKeepWhatIsOlderThanAllItHas) {
  PacketArena arena;
  History history;
  history.add(at_ms(0), packet(arena, at_ms(0), 10));
  EXPECT_EQ(history.add(at_ms(1), packet(arena, at_ms(1), 9)).sequence, 9);
  EXPECT_EQ(history.find(9), nullptr);
  EXPECT_EQ(history.packets(), 1u);
}

TEST(History, KeepsTheFirstOfTwoWithOneNumber) {
  PacketArena arena;
  History history;
  const ReceivedPacket& first = history.add(at_ms(0), packet(arena, at_ms(0), 10, 4));
  history.add(at_ms(1), packet(arena, at_ms(1), 10, 8));
  EXPECT_EQ(history.find(10), &first);
  EXPECT_EQ(history.packets(), 1u);
  EXPECT_EQ(history.bytes(), first.buffer.bytes().size());
}

TEST(History, LetsGoAfterTwoSecondsAndNotBefore) {
  PacketArena arena;
  History history;
  history.add(at_ms(0), packet(arena, at_ms(0), 1));
  history.add(at_ms(2000), packet(arena, at_ms(2000), 2));
  EXPECT_NE(history.find(1), nullptr);
  history.expire(at_ms(2001));
  EXPECT_EQ(history.find(1), nullptr);
  EXPECT_EQ(arena.in_use(), 1u);
}

TEST(History, NeverKeepsMoreThanItsPackets) {
  PacketArena arena;
  History history;
  const auto most = static_cast<std::int64_t>(History::kMaxPackets);
  for (std::int64_t n = 0; n < most; ++n) history.add(at_ms(0), packet(arena, at_ms(0), n));
  EXPECT_NE(history.find(0), nullptr);
  EXPECT_EQ(history.packets(), History::kMaxPackets);
  history.add(at_ms(0), packet(arena, at_ms(0), most));
  EXPECT_EQ(history.find(0), nullptr);
  EXPECT_NE(history.find(1), nullptr);
  EXPECT_EQ(history.packets(), History::kMaxPackets);
  EXPECT_EQ(history.slots(), History::kMaxPackets);
}

TEST(History, NeverKeepsMoreThanItsBytes) {
  PacketArena arena;
  History history;
  for (std::int64_t n = 0; n < 2000; ++n) {
    history.add(at_ms(0), packet(arena, at_ms(0), n, 1400));
    ASSERT_LE(history.bytes(), History::kMaxBytes);
  }
  EXPECT_EQ(history.packets(), History::kMaxBytes / 1412);
  EXPECT_EQ(arena.in_use(), history.packets());
}

TEST(History, OutlivesAJumpFarAhead) {
  PacketArena arena;
  History history;
  history.add(at_ms(0), packet(arena, at_ms(0), 1));
  history.add(at_ms(1), packet(arena, at_ms(1), 1'000'000));
  history.add(at_ms(2), packet(arena, at_ms(2), 1'000'001));
  EXPECT_EQ(history.find(1), nullptr);
  EXPECT_NE(history.find(1'000'000), nullptr);
  EXPECT_EQ(history.packets(), 2u);
}

TEST(History, GivesAllBuffersBackWhenCleared) {
  PacketArena arena;
  History history;
  for (std::int64_t n = 0; n < 100; ++n) history.add(at_ms(0), packet(arena, at_ms(0), n));
  history.hold(packet(arena, at_ms(0), 7));
  history.clear();
  EXPECT_EQ(arena.in_use(), 0u);
  EXPECT_EQ(history.newest(), std::nullopt);
  history.add(at_ms(0), packet(arena, at_ms(0), 3));
  EXPECT_NE(history.find(3), nullptr);
}

TEST(History, AgreesWithAMapOverManyRandomRuns) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    test::TestRandom random(seed);
    PacketArena arena;
    History history;
    std::map<std::int64_t, Timestamp> oracle;
    std::int64_t newest = random.below(70000);
    std::int64_t ms = 0;
    for (int step = 0; step < 3000; ++step) {
      ms += random.below(4);
      std::int64_t n = newest + 1 + (random.chance(10) ? random.below(5) : 0);
      if (random.chance(5)) n = newest - random.below(200);
      if (random.below(1000) == 0) n = newest + random.below(5000);
      newest = std::max(newest, n);
      if (oracle.contains(n)) continue;
      history.add(at_ms(ms), packet(arena, at_ms(ms), n));
      oracle[n] = at_ms(ms);
    }
    std::size_t kept = 0;
    for (const auto& [n, arrival] : oracle) {
      const ReceivedPacket* found = history.find(n);
      if (found) {
        ++kept;
        EXPECT_EQ(found->sequence, n);
        EXPECT_EQ(found->arrival, arrival);
      }
    }
    EXPECT_EQ(kept, history.packets());
    // What came in order within the last second is there.
    for (std::int64_t n = newest; n > newest - 200; --n) {
      const auto known = oracle.find(n);
      if (known != oracle.end() && at_ms(ms) - known->second < std::chrono::seconds(1) &&
          newest - n < 100) {
        EXPECT_NE(history.find(n), nullptr) << n << " of " << newest;
      }
    }
  }
}

}  // namespace
}  // namespace sfu::media

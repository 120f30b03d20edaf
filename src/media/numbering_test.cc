#include "media/numbering.h"

#include <gtest/gtest.h>

#include <map>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::TestRandom;

std::uint16_t wire(std::int64_t n) { return static_cast<std::uint16_t>(n); }

TEST(Numbering, GoesOnByOneWhateverIsLeftOut) {
  Numbering numbering(65'534);
  numbering.begin(0, 100);
  EXPECT_EQ(numbering.forward(100, {}), 65'534);
  EXPECT_EQ(numbering.forward(101, {}), 65'535);
  numbering.leave_out(102, {});
  numbering.leave_out(103, {});
  EXPECT_EQ(numbering.forward(104, {}), 65'536);
}

TEST(Numbering, KeepsANumberForEachThatIsMissing) {
  Numbering numbering(10);
  numbering.begin(0, 100);
  numbering.forward(100, {});
  EXPECT_EQ(numbering.forward(103, {}), 13);
  EXPECT_EQ(numbering.find_incoming(0, 101)->number, 11);
  EXPECT_EQ(numbering.find_incoming(0, 102)->number, 12);
}

TEST(Numbering, KeepsANumberForWhatIsMissingAmongTheLeftOut) {
  Numbering numbering(10);
  numbering.begin(0, 100);
  numbering.forward(100, {});
  numbering.leave_out(101, {});
  numbering.leave_out(103, {});  // 102 is missing.
  EXPECT_EQ(numbering.forward(104, {}), 12);
  EXPECT_EQ(numbering.find_incoming(0, 102)->number, 11);
  EXPECT_EQ(numbering.find_incoming(0, 101), std::nullopt);
  EXPECT_EQ(numbering.find_incoming(0, 103), std::nullopt);
}

TEST(Numbering, HasNoNumberForWhatCameBeforeTheStart) {
  Numbering numbering(10);
  numbering.begin(0, 100);
  numbering.forward(100, {});
  EXPECT_EQ(numbering.find_incoming(0, 99), std::nullopt);
  EXPECT_EQ(numbering.find_outgoing(9), std::nullopt);
}

TEST(Numbering, FindsBothWaysAcrossASwitchOfStreams) {
  Numbering numbering(10);
  Shift first, second;
  first.timestamp = 1;
  second.timestamp = 2;
  numbering.begin(0, 100);
  numbering.forward(100, first);
  numbering.forward(102, first);
  numbering.begin(2, 100);
  EXPECT_EQ(numbering.forward(100, second), 13);
  EXPECT_EQ(numbering.find_incoming(0, 101)->number, 11);
  EXPECT_EQ(numbering.find_incoming(0, 101)->shift, first);
  EXPECT_EQ(numbering.find_incoming(2, 100)->number, 13);
  EXPECT_EQ(numbering.find_incoming(1, 100), std::nullopt);
  const auto found = numbering.find_outgoing(13);
  EXPECT_EQ(found->stream, 2);
  EXPECT_EQ(found->number, 100);
  EXPECT_EQ(found->shift, second);
  EXPECT_EQ(numbering.find_outgoing(11)->number, 101);
  EXPECT_EQ(numbering.find_outgoing(14), std::nullopt);
}

TEST(Numbering, IsOneRunWhileNothingIsLeftOut) {
  Numbering numbering(0);
  numbering.begin(0, 0);
  for (std::int64_t n = 0; n < 100'000; n += n % 7 == 0 ? 2 : 1) numbering.forward(n, {});
  EXPECT_EQ(numbering.runs(), 1u);
  EXPECT_EQ(numbering.find_outgoing(wire(99'998))->number, 99'998);
}

TEST(Numbering, ForgetsTheOldestRunAtItsBound) {
  Numbering numbering(0);
  numbering.begin(0, 0);
  const auto most = static_cast<std::int64_t>(Numbering::kMaxRuns);
  for (std::int64_t n = 0; n < most; ++n) {
    numbering.forward(2 * n, {});
    numbering.leave_out(2 * n + 1, {});
  }
  EXPECT_EQ(numbering.runs(), Numbering::kMaxRuns);
  EXPECT_EQ(numbering.find_outgoing(0)->number, 0);
  numbering.forward(2 * most, {});
  EXPECT_EQ(numbering.runs(), Numbering::kMaxRuns);
  EXPECT_EQ(numbering.find_outgoing(0), std::nullopt);
  EXPECT_EQ(numbering.find_incoming(0, 0), std::nullopt);
  EXPECT_EQ(numbering.find_outgoing(1)->number, 2);
  EXPECT_EQ(numbering.find_outgoing(wire(most))->number, 2 * most);
}

TEST(Numbering, AgreesWithAMapOverManyRandomRuns) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    TestRandom random(seed);
    std::int64_t next = random.below(0x7fff);
    Numbering numbering(next);
    struct Key {
      std::uint8_t stream;
      std::int64_t incoming;
      auto operator<=>(const Key&) const = default;
    };
    std::map<Key, std::int64_t> oracle;
    std::vector<std::pair<std::int64_t, Key>> by_outgoing;
    std::int64_t incoming[3] = {0, 500, 70'000};
    std::uint8_t stream = 0;
    numbering.begin(0, incoming[0]);
    bool fresh = true;
    const auto give = [&](std::int64_t n) {
      oracle[{stream, n}] = next;
      by_outgoing.push_back({next++, {stream, n}});
    };
    for (int step = 0; step < 400; ++step) {
      if (random.chance(2)) {
        stream = static_cast<std::uint8_t>(random.below(3));
        incoming[stream] += 1 + random.below(1000);
        numbering.begin(stream, incoming[stream]);
        fresh = true;
      }
      const std::int64_t gap = fresh ? 0 : random.chance(10) ? random.below(4) : 0;
      fresh = false;
      for (std::int64_t n = 0; n < gap; ++n) give(incoming[stream]++);
      const std::int64_t n = incoming[stream]++;
      if (random.chance(20)) {
        numbering.leave_out(n, {});
      } else {
        give(n);
        ASSERT_EQ(numbering.forward(n, {}), next - 1);
      }
    }
    ASSERT_LE(numbering.runs(), Numbering::kMaxRuns);
    // What is recent is found, both ways.
    for (std::size_t i = by_outgoing.size() - 100; i < by_outgoing.size(); ++i) {
      const auto& [outgoing, key] = by_outgoing[i];
      const auto found = numbering.find_outgoing(wire(outgoing));
      ASSERT_TRUE(found);
      ASSERT_EQ(found->number, key.incoming);
      ASSERT_EQ(found->stream, key.stream);
      ASSERT_EQ(numbering.find_incoming(key.stream, key.incoming)->number, outgoing);
    }
  }
}

}  // namespace
}  // namespace sfu::media

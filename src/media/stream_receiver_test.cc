#include "media/stream_receiver.h"

#include <gtest/gtest.h>

#include <set>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;
using Verdict = StreamReceiver::Placed::Verdict;

StreamReceiver make_receiver() {
  StreamReceiver::Options options;
  options.ssrc = Ssrc{1000};
  options.nack = options.pli = true;
  return StreamReceiver(options);
}

StreamReceiver::Placed place(StreamReceiver& receiver, std::uint16_t n, bool repaired = false) {
  return receiver.place(at_ms(0), n, 0, repaired, false);
}

TEST(StreamReceiver, TakesTheVeryFirstPacketAndGoesOnOverTheWrap) {
  auto receiver = make_receiver();
  EXPECT_EQ(place(receiver, 65534).sequence, 65534);
  EXPECT_EQ(place(receiver, 65535).sequence, 65535);
  const auto placed = place(receiver, 0);
  EXPECT_EQ(placed.verdict, Verdict::New);
  EXPECT_EQ(placed.sequence, 65536);
}

TEST(StreamReceiver, TakesALatePacketOnceAndInItsPlaceAcrossTheWrap) {
  auto receiver = make_receiver();
  place(receiver, 65534);
  place(receiver, 1);
  const auto late = place(receiver, 65535);
  EXPECT_EQ(late.verdict, Verdict::Late);
  EXPECT_EQ(late.sequence, 65535);
  EXPECT_EQ(place(receiver, 65535).verdict, Verdict::Duplicate);
  EXPECT_EQ(place(receiver, 0).sequence, 65536);
  EXPECT_EQ(place(receiver, 1).verdict, Verdict::Duplicate);
  EXPECT_EQ(place(receiver, 65534).verdict, Verdict::Duplicate);
}

TEST(StreamReceiver, KnowsARetransmissionOfWhatIsHereForADuplicate) {
  auto receiver = make_receiver();
  for (std::uint16_t n = 10; n < 5010; ++n) place(receiver, n);
  EXPECT_EQ(place(receiver, 100, true).verdict, Verdict::Duplicate);
  EXPECT_EQ(place(receiver, 5010).verdict, Verdict::New);
}

TEST(StreamReceiver, DoesNotBelieveOnePacketFarAway) {
  auto receiver = make_receiver();
  place(receiver, 100);
  EXPECT_EQ(place(receiver, 20'000).verdict, Verdict::OnProbation);
  EXPECT_EQ(place(receiver, 101).sequence, 101);
  // The first suspicion is gone: 20001 raises another.
  EXPECT_EQ(place(receiver, 20'001).verdict, Verdict::OnProbation);
}

TEST(StreamReceiver, BelievesTheSecondPacketOfARestartAndAsksForTheFirst) {
  for (const std::uint16_t from : std::initializer_list<std::uint16_t>{20'000, 60'000, 30, 0}) {
    SCOPED_TRACE(from);
    auto receiver = make_receiver();
    place(receiver, 10'000);
    EXPECT_EQ(place(receiver, from).verdict, Verdict::OnProbation);
    const auto second = place(receiver, static_cast<std::uint16_t>(from + 1));
    ASSERT_EQ(second.verdict, Verdict::New);
    EXPECT_EQ(static_cast<std::uint16_t>(second.sequence), from + 1);
    EXPECT_GE(second.sequence - 10'000, StreamReceiver::kMaxDropout);
    const auto first = place(receiver, from, true);
    EXPECT_EQ(first.verdict, Verdict::Late);
    EXPECT_EQ(first.sequence, second.sequence - 1);
  }
}

/// A way that was given up may bring, back to back, what came by retransmission long ago.
TEST(StreamReceiver, KnowsLateOriginalsOfWhatWasRepairedForDuplicates) {
  constexpr std::uint32_t kStep = 3000;
  auto receiver = make_receiver();
  const auto receive = [&](std::uint16_t n, bool repaired) {
    return receiver.place(at_ms(0), n, 4'294'000'000u + n * kStep, repaired, false).verdict;
  };
  for (std::uint16_t n = 0; n <= 400; ++n)
    if (n != 100 && n != 101) receive(n, false);
  EXPECT_EQ(receive(100, true), Verdict::Late);
  EXPECT_EQ(receive(101, true), Verdict::Late);
  EXPECT_EQ(receive(100, false), Verdict::Duplicate);
  EXPECT_EQ(receive(101, false), Verdict::Duplicate);
  EXPECT_EQ(receive(401, false), Verdict::New);
}

TEST(StreamReceiver, TellsLateOriginalsFromARestartByTheirTimeUpToABound) {
  struct Row {
    std::int64_t behind;
    bool is_newer;
    Verdict verdict;
  };
  for (const Row& row : {Row{StreamReceiver::kMaxMisorder - 1, true, Verdict::Duplicate},
                         Row{StreamReceiver::kMaxMisorder, true, Verdict::OnProbation},
                         Row{StreamReceiver::kMaxMisorder, false, Verdict::Duplicate},
                         Row{StreamReceiver::kMaxLateness - 1, true, Verdict::OnProbation},
                         Row{StreamReceiver::kMaxLateness - 1, false, Verdict::Duplicate},
                         Row{StreamReceiver::kMaxLateness, false, Verdict::OnProbation}}) {
    SCOPED_TRACE(row.behind);
    auto receiver = make_receiver();
    receiver.place(at_ms(0), 10'000, 90'000, false, false);
    const auto number = static_cast<std::uint16_t>(10'000 - row.behind);
    const std::uint32_t timestamp = row.is_newer ? 90'001 : 90'000;
    EXPECT_EQ(receiver.place(at_ms(0), number, timestamp, false, false).verdict, row.verdict);
  }
}

TEST(StreamReceiver, ToleratesAGapJustBelowTheBound) {
  auto receiver = make_receiver();
  place(receiver, 0);
  EXPECT_EQ(place(receiver, StreamReceiver::kMaxDropout - 1).verdict, Verdict::New);
  auto other = make_receiver();
  place(other, 0);
  EXPECT_EQ(place(other, StreamReceiver::kMaxDropout).verdict, Verdict::OnProbation);
}

TEST(StreamReceiver, BeginsANewRunAtOnceUnderAnotherSsrc) {
  for (const std::uint16_t from : std::initializer_list<std::uint16_t>{101, 100, 99, 40'000}) {
    auto receiver = make_receiver();
    place(receiver, 100);
    receiver.set_ssrc(Ssrc{1001});
    const auto placed = place(receiver, from);
    EXPECT_EQ(placed.verdict, Verdict::New);
    EXPECT_EQ(static_cast<std::uint16_t>(placed.sequence), from);
    EXPECT_GE(placed.sequence - 100, StreamReceiver::kMaxDropout);
  }
}

TEST(StreamReceiver, WithoutNackWaitsForAGapToCloseButForNoTimeToAsk) {
  StreamReceiver::Options options;
  options.ssrc = Ssrc{1000};
  StreamReceiver receiver(options);
  place(receiver, 1);
  place(receiver, 3);
  EXPECT_EQ(receiver.next_timeout(), at_ms(0) + LossList::kMaxAge);
  receiver.expire_losses(at_ms(0) + LossList::kMaxAge);
  EXPECT_EQ(receiver.next_timeout(), std::nullopt);
}

TEST(StreamReceiver, LeavesALastingGapOnlyWhereNoKeyFrameCameAfterIt) {
  auto receiver = make_receiver();
  place(receiver, 1);
  place(receiver, 3);
  EXPECT_TRUE(receiver.expire_losses(at_ms(1000)));
  EXPECT_FALSE(receiver.expire_losses(at_ms(2000)));
  place(receiver, 5);
  place(receiver, 6);
  receiver.handle_key_frame(6);
  EXPECT_FALSE(receiver.expire_losses(at_ms(4000)));
}

TEST(StreamReceiver, AgreesWithAnOracleUnderLossReorderingAndDuplication) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    test::TestRandom random(seed);
    auto receiver = make_receiver();
    const std::int64_t first = 60'000 + random.below(20'000);
    std::set<std::int64_t> seen;
    std::int64_t highest = -1;
    for (std::int64_t next = first, step = 0; step < 3000; ++step) {
      std::int64_t n = next;
      if (random.chance(10) && step > 0) {
        n = next - 1 - random.below(60);
      } else {
        next += 1 + (random.chance(5) ? random.below(4) : 0);
      }
      if (n < first) continue;
      const auto placed = receiver.place(at_ms(0), static_cast<std::uint16_t>(n), 0, false, false);
      const std::int64_t unwrapped = placed.sequence - (first & 0xffff) + first;
      if (seen.contains(n)) {
        ASSERT_EQ(placed.verdict, Verdict::Duplicate);
      } else {
        ASSERT_EQ(placed.verdict, n > highest ? Verdict::New : Verdict::Late) << n;
        ASSERT_EQ(unwrapped, n);
      }
      seen.insert(n);
      highest = std::max(highest, n);
    }
  }
}

}  // namespace
}  // namespace sfu::media

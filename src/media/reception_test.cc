#include "media/reception.h"

#include <gtest/gtest.h>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;
using test::at_us;

constexpr Ssrc kSsrc{7};

TEST(Reception, ReportsNothingBeforeTheFirstPacket) {
  Reception reception(90'000);
  EXPECT_EQ(reception.make_report(at_ms(0), kSsrc), std::nullopt);
}

TEST(Reception, TellsTheShareLostSinceTheLastReport) {
  Reception reception(90'000);
  // 16 expected, 4 of them lost.
  for (const std::int64_t n : {0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 15})
    reception.handle_packet(at_ms(n), n, 0, false);
  auto block = reception.make_report(at_ms(20), kSsrc);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->fraction_lost, 64);
  EXPECT_EQ(block->cumulative_lost, 4);
  EXPECT_EQ(block->extended_highest_sequence, 15u);
  for (std::int64_t n = 16; n < 32; ++n) reception.handle_packet(at_ms(n), n, 0, false);
  block = reception.make_report(at_ms(40), kSsrc);
  EXPECT_EQ(block->fraction_lost, 0);
  EXPECT_EQ(block->cumulative_lost, 4);
}

TEST(Reception, NeverTellsANegativeShareWhenMoreCameThanWasExpected) {
  Reception reception(90'000);
  for (const std::int64_t n : {0, 1, 4, 5}) reception.handle_packet(at_ms(n), n, 0, false);
  reception.make_report(at_ms(10), kSsrc);
  for (const std::int64_t n : {2, 3}) reception.handle_packet(at_ms(n), n, 0, true);
  const auto block = reception.make_report(at_ms(20), kSsrc);
  EXPECT_EQ(block->fraction_lost, 0);
  EXPECT_EQ(block->cumulative_lost, 0);
}

TEST(Reception, CountsHighestOverTheWrap) {
  Reception reception(90'000);
  reception.handle_packet(at_ms(0), 65535, 0, false);
  reception.handle_packet(at_ms(1), 65536, 0, false);
  EXPECT_EQ(reception.make_report(at_ms(2), kSsrc)->extended_highest_sequence, 65536u);
  EXPECT_EQ(reception.cumulative_lost(), 0);
}

TEST(Reception, CountsWhatCameBeforeTheFirstAsExpectedToo) {
  Reception reception(90'000);
  for (const std::int64_t n : {10, 9, 11}) reception.handle_packet(at_ms(n), n, 0, false);
  EXPECT_EQ(reception.make_report(at_ms(20), kSsrc)->cumulative_lost, 0);
}

TEST(Reception, HasNoJitterWhereArrivalFollowsTheTimestamps) {
  Reception reception(90'000);
  for (std::int64_t n = 0; n < 100; ++n)
    reception.handle_packet(at_ms(20 * n), n, static_cast<std::uint32_t>(1800 * n), false);
  EXPECT_EQ(reception.jitter(), 0u);
}

TEST(Reception, ApproachesTheMeanDeviationOfTransit) {
  Reception reception(90'000);
  // Every second packet 10 ms late: successive transits differ by 900 ticks.
  for (std::int64_t n = 0; n < 400; ++n)
    reception.handle_packet(at_ms(20 * n + (n % 2 ? 10 : 0)), n,
                            static_cast<std::uint32_t>(1800 * n), false);
  EXPECT_NEAR(reception.jitter(), 900, 10);
}

TEST(Reception, DoesNotLetLatePacketsIntoTheJitter) {
  Reception reception(90'000);
  for (std::int64_t n = 0; n < 50; ++n)
    if (n != 20)
      reception.handle_packet(at_ms(20 * n), n, static_cast<std::uint32_t>(1800 * n), false);
  reception.handle_packet(at_ms(1100), 20, 1800 * 20, true);
  EXPECT_EQ(reception.jitter(), 0u);
}

TEST(Reception, AnswersASenderReportWithItsMiddleBitsAndTheDelay) {
  Reception reception(90'000);
  reception.handle_packet(at_ms(0), 1, 0, false);
  auto block = reception.make_report(at_ms(10), kSsrc);
  EXPECT_EQ(block->last_sender_report, 0u);
  EXPECT_EQ(block->delay_since_last_sender_report, 0u);
  reception.handle_sender_report(at_ms(100), rtp::NtpTime{0x1122334455667788});
  block = reception.make_report(at_ms(350), kSsrc);
  EXPECT_EQ(block->last_sender_report, 0x33445566u);
  EXPECT_EQ(block->delay_since_last_sender_report, 65536u / 4);
}

TEST(Reception, BeginsAnewAfterARestart) {
  Reception reception(90'000);
  for (const std::int64_t n : {0, 9}) reception.handle_packet(at_ms(n), n, 0, false);
  reception.restart();
  reception.handle_packet(at_ms(10), 70'000, 0, false);
  reception.handle_packet(at_ms(11), 70'001, 0, false);
  const auto block = reception.make_report(at_ms(20), kSsrc);
  EXPECT_EQ(block->fraction_lost, 0);
  EXPECT_EQ(block->cumulative_lost, 0);
}

}  // namespace
}  // namespace sfu::media

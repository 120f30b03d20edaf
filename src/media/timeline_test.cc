#include "media/timeline.h"

#include <gtest/gtest.h>

#include "media/media_for_test.h"
#include "rtp/sequence.h"

namespace sfu::media {
namespace {

using test::at_ms;
using test::at_us;

constexpr std::uint32_t kTicksPerMs = 90;

rtp::NtpTime ntp_ms(std::int64_t ms) {
  return add(rtp::NtpTime{0xe000'0000'0000'0000}, std::chrono::milliseconds(ms));
}

TEST(SenderClock, ConvertsTicksAndTimeBothWaysAlsoBelowZero) {
  EXPECT_EQ(to_ticks(std::chrono::seconds(1), 90'000), 90'000);
  EXPECT_EQ(to_ticks(-std::chrono::milliseconds(20), 48'000), -960);
  EXPECT_EQ(to_ticks(TimeDelta(-1), 90'000), -1);
  EXPECT_EQ(from_ticks(-960, 48'000), -std::chrono::milliseconds(20));
}

TEST(SenderClock, ConvertsWhateverLiesBetweenTwoNtpTimes) {
  const TimeDelta most = ntp_between(rtp::NtpTime{0}, rtp::NtpTime{0x7fff'ffff'0000'0000});
  EXPECT_EQ(to_ticks(most, 90'000), 0x7fff'ffffLL * 90'000);
  EXPECT_EQ(to_ticks(-most, 90'000), -0x7fff'ffffLL * 90'000);
}

TEST(SenderClock, MeasuresNtpTimesAcrossTheEndOfTheEra) {
  const rtp::NtpTime before{0xffff'ffff'8000'0000};
  EXPECT_EQ(add(before, std::chrono::seconds(1)).value, 0x0000'0000'8000'0000u);
  EXPECT_EQ(ntp_between(before, add(before, std::chrono::milliseconds(1500))),
            std::chrono::milliseconds(1500));
  EXPECT_EQ(ntp_between(add(before, std::chrono::milliseconds(1500)), before),
            -std::chrono::milliseconds(1500));
  EXPECT_EQ(ntp_between(before, add(before, -TimeDelta(250'001))), -TimeDelta(250'001));
}

class TimelineOfTwo : public testing::Test {
 protected:
  TimelineOfTwo() {
    SourceOptions options;
    options.kind = ortc::MediaKind::Video;
    options.streams = 2;
    source.emplace(options, events);
  }
  EventQueue events;
  std::optional<Source> source;
};

TEST_F(TimelineOfTwo, StartsWhereItWasTold) {
  Timeline timeline(5000);
  const std::uint32_t shift = timeline.start(at_ms(0), 0, 123'456, *source);
  EXPECT_EQ(123'456 - shift, 5000u);
}

TEST_F(TimelineOfTwo, KeepsTheClockOfAStreamThatGoesOn) {
  Timeline timeline(5000);
  const std::uint32_t shift = timeline.start(at_ms(0), 0, 1000, *source);
  timeline.handle_sent(at_ms(0), 5000);
  // Ten seconds later by its own clock, though it arrives 40 ms late.
  EXPECT_EQ(timeline.start(at_ms(10'040), 0, 1000 + 10'000 * kTicksPerMs, *source), shift);
}

TEST_F(TimelineOfTwo, AlignsAnotherStreamBySenderReports) {
  Timeline timeline(0);
  source->stream(0).clock = ClockPair{ntp_ms(0), 1'000'000, at_ms(20)};
  source->stream(1).clock = ClockPair{ntp_ms(400), 0xffff'ff00, at_ms(430)};
  timeline.start(at_ms(0), 0, 1'000'000, *source);
  timeline.handle_sent(at_ms(1000), 1000 * kTicksPerMs);
  // Captured at 1030 ms, arriving 50 ms later than the path usually takes.
  const auto incoming = static_cast<std::uint32_t>(0xffff'ff00 + 630 * kTicksPerMs);
  const std::uint32_t shift = timeline.start(at_ms(1080), 1, incoming, *source);
  EXPECT_EQ(incoming - shift, 1030u * kTicksPerMs);
}

TEST_F(TimelineOfTwo, GoesByTheTimePassedWhereReportsAreMissing) {
  Timeline timeline(0);
  timeline.start(at_ms(0), 0, 1'000'000, *source);
  timeline.handle_sent(at_ms(1000), 1000 * kTicksPerMs);
  const std::uint32_t shift = timeline.start(at_ms(1050), 1, 77, *source);
  EXPECT_EQ(77 - shift, 1050u * kTicksPerMs);
}

TEST_F(TimelineOfTwo, DoesNotBelieveClocksThatAreSecondsOff) {
  Timeline timeline(0);
  source->stream(0).clock = ClockPair{ntp_ms(0), 0, at_ms(0)};
  source->stream(1).clock = ClockPair{ntp_ms(60'000), 0, at_ms(0)};
  timeline.start(at_ms(0), 0, 0, *source);
  timeline.handle_sent(at_ms(1000), 1000 * kTicksPerMs);
  const std::uint32_t shift = timeline.start(at_ms(1050), 1, 1050 * kTicksPerMs, *source);
  EXPECT_EQ(1050 * kTicksPerMs - shift, 1050u * kTicksPerMs);
}

TEST_F(TimelineOfTwo, NeverGoesBackwardsWhenTheOtherStreamIsBehind) {
  Timeline timeline(0xffff'fff0);  // Across the wrap, too.
  source->stream(0).clock = ClockPair{ntp_ms(0), 0, at_ms(0)};
  source->stream(1).clock = ClockPair{ntp_ms(0), 0, at_ms(0)};
  timeline.start(at_ms(0), 0, 0, *source);
  const auto sent = static_cast<std::uint32_t>(0xffff'fff0 + 1000 * kTicksPerMs);
  timeline.handle_sent(at_ms(1000), sent);
  for (const std::uint32_t capture_ms : {1000u, 990u, 700u}) {
    const std::uint32_t incoming = capture_ms * kTicksPerMs;
    Timeline copy = timeline;
    EXPECT_EQ(incoming - copy.start(at_ms(1001), 1, incoming, *source), sent + 1);
  }
}

TEST_F(TimelineOfTwo, NeverGoesBackwardsOverAnyRowOfSwitches) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    test::TestRandom random(seed);
    Timeline timeline(random.next_u32());
    std::uint32_t base[2] = {random.next_u32(), random.next_u32()};
    source->stream(0).clock.reset();
    source->stream(1).clock.reset();
    std::optional<std::uint32_t> last;
    std::int64_t ms = 0;
    for (int step = 0; step < 50; ++step) {
      ms += 1 + random.below(3000);
      const auto stream = static_cast<std::uint8_t>(random.below(2));
      if (random.chance(30))
        source->stream(stream).clock =
            ClockPair{ntp_ms(ms), static_cast<std::uint32_t>(base[stream] + ms * kTicksPerMs),
                      at_ms(ms + random.below(100))};
      const auto jitter = static_cast<std::uint32_t>(random.below(60) * kTicksPerMs);
      const auto incoming = static_cast<std::uint32_t>(base[stream] + ms * kTicksPerMs) - jitter;
      const std::uint32_t outgoing =
          incoming - timeline.start(at_ms(ms), stream, incoming, *source);
      if (last) {
        ASSERT_TRUE(rtp::newer_than(outgoing, *last));
        ASSERT_LT(outgoing - *last, 5000 * kTicksPerMs);
      }
      timeline.handle_sent(at_ms(ms), outgoing);
      last = outgoing;
    }
  }
}

}  // namespace
}  // namespace sfu::media

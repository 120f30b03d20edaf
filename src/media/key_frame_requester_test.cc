#include "media/key_frame_requester.h"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using test::at_ms;

/// What happens at a millisecond: somebody asks, or a key frame comes.
struct Happening {
  std::int64_t ms;
  enum What { Asks, KeyFrame, NobodyWaits } what;
};
struct Case {
  const char* name;
  int rtt_ms;
  std::vector<Happening> happenings;
  std::int64_t until_ms;
  std::vector<std::int64_t> leave_at_ms;
};
std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

constexpr auto kAsks = Happening::Asks;
constexpr auto kKeyFrame = Happening::KeyFrame;
constexpr auto kNobodyWaits = Happening::NobodyWaits;

const Case kCases[] = {
    {"the_first_leaves_at_once", 50, {{10, kAsks}, {60, kKeyFrame}}, 5000, {10}},
    {"those_before_the_key_frame_are_served_by_it",
     50,
     {{10, kAsks}, {20, kAsks}, {59, kAsks}, {60, kKeyFrame}},
     5000,
     {10}},
    {"a_later_one_within_500_ms_leaves_at_the_end_of_them",
     50,
     {{10, kAsks}, {60, kKeyFrame}, {100, kAsks}, {600, kKeyFrame}},
     5000,
     {10, 510}},
    {"several_later_ones_leave_as_one",
     50,
     {{10, kAsks}, {60, kKeyFrame}, {100, kAsks}, {200, kAsks}, {509, kAsks}, {600, kKeyFrame}},
     5000,
     {10, 510}},
    {"one_after_500_ms_leaves_at_once",
     50,
     {{10, kAsks}, {60, kKeyFrame}, {511, kAsks}, {600, kKeyFrame}},
     5000,
     {10, 511}},
    {"without_a_key_frame_it_is_repeated_after_300_ms_then_every_second",
     50,
     {{0, kAsks}},
     3500,
     {0, 300, 1300, 2300, 3300}},
    {"the_first_repetition_waits_two_round_trips_where_they_are_longer",
     400,
     {{0, kAsks}},
     2000,
     {0, 800, 1800}},
    {"who_asks_500_ms_after_the_last_repetition_does_not_wait_for_the_next",
     50,
     {{0, kAsks}, {700, kAsks}, {900, kAsks}, {1150, kAsks}, {1300, kKeyFrame}},
     5000,
     {0, 300, 900}},
    {"repetitions_end_with_the_key_frame",
     50,
     {{0, kAsks}, {1400, kKeyFrame}},
     9000,
     {0, 300, 1300}},
    {"repetitions_end_when_nobody_waits", 50, {{0, kAsks}, {700, kNobodyWaits}}, 9000, {0, 300}},
    {"a_request_after_repetitions_counts_from_the_last_one",
     50,
     {{0, kAsks}, {310, kKeyFrame}, {320, kAsks}, {900, kKeyFrame}},
     5000,
     {0, 300, 800}},
    {"a_key_frame_that_comes_by_itself_serves_what_waits_for_its_turn",
     50,
     {{0, kAsks}, {60, kKeyFrame}, {100, kAsks}, {300, kKeyFrame}},
     5000,
     {0}},
    {"an_unasked_key_frame_does_not_hold_back_a_request",
     50,
     {{0, kKeyFrame}, {1, kAsks}, {60, kKeyFrame}},
     5000,
     {1}},
};

class RequesterTimeline : public testing::TestWithParam<Case> {};

TEST_P(RequesterTimeline, LeavesExactlyThen) {
  const Case& row = GetParam();
  KeyFrameRequester requester;
  requester.set_round_trip_time(std::chrono::milliseconds(row.rtt_ms));
  bool waits = false;
  std::vector<std::int64_t> left;
  std::size_t next = 0;
  for (std::int64_t ms = 0; ms <= row.until_ms; ++ms) {
    while (next < row.happenings.size() && row.happenings[next].ms == ms) {
      switch (row.happenings[next++].what) {
        case kAsks:
          waits = true;
          requester.request(at_ms(ms));
          break;
        case kKeyFrame:
          waits = false;
          requester.handle_key_frame();
          break;
        case kNobodyWaits: waits = false; break;
      }
    }
    if (const auto due = requester.next_timeout(); due && *due <= at_ms(ms))
      if (requester.poll(at_ms(ms), waits)) left.push_back(ms);
  }
  EXPECT_EQ(left, row.leave_at_ms);
}

INSTANTIATE_TEST_SUITE_P(Table, RequesterTimeline, testing::ValuesIn(kCases),
                         [](const auto& row) { return row.param.name; });

TEST(KeyFrameRequester, FiftyViewersAtOnceCostAtMostOneKeyFrameIn500Milliseconds) {
  KeyFrameRequester requester;
  std::vector<std::int64_t> left;
  test::TestRandom random(7);
  for (std::int64_t ms = 0; ms < 3000; ++ms) {
    for (int viewer = 0; viewer < 50; ++viewer)
      if (random.below(1000) < 10) requester.request(at_ms(ms));
    if (requester.poll(at_ms(ms), true)) left.push_back(ms);
    if (!left.empty() && ms == left.back() + 40) requester.handle_key_frame();
  }
  ASSERT_GE(left.size(), 5u);
  for (std::size_t i = 1; i < left.size(); ++i) EXPECT_GE(left[i] - left[i - 1], 500);
}

TEST(KeyFrameRequester, ForgetsWhatIsWantedWhenCancelledButNotWhenItLastAsked) {
  KeyFrameRequester requester;
  requester.request(at_ms(0));
  ASSERT_TRUE(requester.poll(at_ms(0), true));
  requester.cancel();
  EXPECT_EQ(requester.next_timeout(), std::nullopt);
  requester.request(at_ms(100));
  EXPECT_EQ(requester.next_timeout(), at_ms(500));
}

}  // namespace
}  // namespace sfu::media

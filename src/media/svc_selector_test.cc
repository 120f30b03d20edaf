#include <gtest/gtest.h>

#include "media/layer_selector.h"
#include "media/svc_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

TEST_P(Vp9Svc, ForwardsAllLayersOfTheKeyPictureAndOfOthersWhatItsModeNeeds) {
  send_picture(0, 3, false);
  EXPECT_TRUE(take().empty());
  send_picture(33, 3, true);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  send_picture(66, 3, false);
  EXPECT_EQ(spatials(take()),
            is_key_svc() ? (std::vector<int>{2, 2}) : (std::vector<int>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 2}));
}

TEST_P(Vp9Svc, MarksTheLastPacketOfEachPictureThatItCutsShort) {
  consumer->set_preferred_layers(at_ms(0), 1, std::nullopt);
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  const auto got = take();
  EXPECT_EQ(spatials(got), is_key_svc() ? (std::vector<int>{0, 0, 1, 1, 1, 1})
                                        : (std::vector<int>{0, 0, 1, 1, 0, 0, 1, 1}));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool ends = i + 1 == got.size() || got[i + 1].picture != got[i].picture;
    EXPECT_EQ(got[i].marker, ends) << i;
    if (i > 0) {
      EXPECT_EQ(got[i].index, got[i - 1].index + 1);
    }
  }
}

TEST_P(Vp9Svc, GoesDownAtOnceInFullSvcAndAtAKeyPictureInKeySvc) {
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  take();
  room.rtcp(at_ms(40));
  consumer->set_preferred_layers(at_ms(600), 0, std::nullopt);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(600))), is_key_svc() ? 1u : 0u);
  send_picture(633, 3, false);
  EXPECT_EQ(spatials(take()), is_key_svc() ? (std::vector<int>{2, 2}) : (std::vector<int>{0, 0}));
  send_picture(666, 3, true);
  send_picture(700, 3, false);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 0, 0}));
}

TEST_P(Vp9Svc, GoesUpAtAKeyPictureOnlyAndAsksForIt) {
  consumer->set_preferred_layers(at_ms(0), 0, std::nullopt);
  send_picture(0, 3, true);
  for (std::int64_t ms = 33; ms < 600; ms += 33) send_picture(ms, 3, false);
  take();
  room.rtcp(at_ms(599));
  consumer->set_preferred_layers(at_ms(600), 2, std::nullopt);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(600))), 1u);
  send_picture(633, 3, false);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0}));
  send_picture(666, 3, true);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  for (std::int64_t ms = 666; ms < 3000; ms += 33) {
    send_picture(ms, 3, false);
    EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u) << ms;
  }
}

TEST_P(Vp9Svc, LeavesALayerThatIsSilentForHalfASecond) {
  send_picture(0, 3, true);
  std::int64_t ms = 33;
  for (; ms < 500; ms += 33) send_picture(ms, 3, false);
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 2}));
  bool asked = false;
  for (; ms < 1700; ms += 33) {
    if (const auto at = consumer->next_timeout(); at && *at <= at_ms(ms))
      consumer->handle_timeout(at_ms(ms));
    const bool answers = asked && is_key_svc();
    asked = asked || count_plis(room.rtcp(at_ms(ms))) > 0;
    send_picture(ms, 2, answers && consumer->current_layers() == Layers{2, 2});
  }
  EXPECT_EQ(asked, is_key_svc());
  EXPECT_EQ(consumer->current_layers(), (Layers{1, 2}));
  take();
  send_picture(ms, 2, false);
  EXPECT_EQ(take().back().spatial, 1);
}

TEST_P(Vp9Svc, TakesALayerBackAtAFrameThatNeedsNoEarlierPicture) {
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  std::int64_t ms = 66;
  for (; ms < 1500; ms += 33) {
    consumer->handle_timeout(at_ms(ms));
    room.rtcp(at_ms(ms));
    send_picture(ms, 2, ms > 1300);
  }
  ASSERT_EQ(consumer->current_layers(), std::nullopt);  // In a key picture.
  send_picture(ms, 2, false);
  ASSERT_EQ(consumer->current_layers(), (Layers{1, 2}));
  take();
  send_picture(ms += 33, 3, false);
  EXPECT_EQ(room.producer->source().stream(0).waiting, 1u);
  EXPECT_EQ(take().back().spatial, 1);
  send_picture(ms += 33, 3, false, 0, 2);
  // Key SVC has no such frames: there, layers of a picture refer to each other in key pictures
  // only.
  EXPECT_EQ(take().back().spatial, is_key_svc() ? 1 : 2);
  send_picture(ms += 33, 3, true);
  EXPECT_EQ(take().back().spatial, 2);
}

TEST_P(Vp9Svc, LeavesOutHigherTemporalLayersAndKeepsTheDistancesOfPictureIds) {
  send_picture(0, 3, true);
  for (std::int64_t i = 1; i < 9; ++i)
    send_picture(33 * i, 3, false,
                 std::array<std::uint8_t, 4>{0, 2, 1, 2}[static_cast<std::size_t>(i % 4)]);
  consumer->set_preferred_layers(at_ms(300), 2, 1);
  take();
  for (std::int64_t i = 9; i < 41; ++i)
    send_picture(33 * i, 3, false,
                 std::array<std::uint8_t, 4>{0, 2, 1, 2}[static_cast<std::size_t>(i % 4)]);
  const auto got = take();
  ASSERT_FALSE(got.empty());
  for (std::size_t i = 1; i < got.size(); ++i) {
    EXPECT_LE(got[i].temporal, 1);
    EXPECT_EQ(got[i].index, got[i - 1].index + 1);
    const int apart = (got[i].picture - got[i - 1].picture) & 0x7fff;
    EXPECT_TRUE(apart == 0 || apart == 2) << apart;
  }
}

TEST_P(Vp9Svc, ContinuesPictureIdsAfterAPause) {
  send_picture(0, 3, true);
  const auto before = take();
  consumer->pause(at_ms(10));
  for (std::int64_t ms = 33; ms < 1000; ms += 33) send_picture(ms, 3, false);
  consumer->resume(at_ms(1000));
  send_picture(1000, 3, true);
  send_picture(1033, 3, false);
  const auto after = take();
  EXPECT_EQ(after.front().index, before.back().index + 1);
  EXPECT_EQ(after.front().picture, (before.back().picture + 1) & 0x7fff);
  EXPECT_EQ(after.back().picture, (before.back().picture + 2) & 0x7fff);
}

INSTANTIATE_TEST_SUITE_P(Modes, Vp9Svc, testing::Values("L3T3", "L3T3_KEY"),
                         [](const auto& row) { return std::string(row.param); });

TEST_F(Av1Svc, ForwardsWhatItsDecodeTargetNeeds) {
  send_picture(0, true);
  send_picture(33, false);
  const auto got = take();
  ASSERT_EQ(got.size(), 3u);  // Both of the key picture, then the upper layer alone.
  EXPECT_EQ(got[0].spatial, 0);
  EXPECT_EQ(got[1].spatial, 1);
  EXPECT_EQ(got[2].spatial, 1);
  EXPECT_EQ(got[0].frame_number, 65'530);
  EXPECT_EQ(got[2].frame_number, 65'533);
}

TEST_F(Av1Svc, ForwardsTheBaseLayerAloneWithMarkers) {
  consumer->set_preferred_layers(at_ms(0), 0, std::nullopt);
  send_picture(0, true);
  send_picture(33, false);
  const auto got = take();
  ASSERT_EQ(got.size(), 2u);
  for (const Got& packet : got) {
    EXPECT_EQ(packet.spatial, 0);
    EXPECT_TRUE(packet.marker);
  }
}

TEST_F(Av1Svc, ContinuesFrameNumbersAfterAPauseAcrossTheirWrap) {
  send_picture(0, true);
  const auto before = take();
  consumer->pause(at_ms(1));
  for (std::int64_t ms = 33; ms < 500; ms += 33) send_picture(ms, false);
  consumer->resume(at_ms(500));
  send_picture(510, true);
  send_picture(543, false);
  const auto after = take();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 1));
  EXPECT_EQ(after[1].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 2));
  EXPECT_EQ(after[2].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 4));
}

}  // namespace
}  // namespace sfu::media

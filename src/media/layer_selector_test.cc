#include "media/layer_selector.h"

#include <gtest/gtest.h>

#include <map>

#include "media/media_for_test.h"
#include "rtp/sequence.h"

namespace sfu::media {
namespace {

using namespace test;

/// A test packet's tag is its stream times this, and the millisecond.
constexpr std::size_t kTagsPerStream = 100'000'000;

/// Three encodings at 20 frames/s, each with a clock, numbers and picture ids of its own.
class Simulcast : public testing::Test {
 protected:
  Simulcast() : room(three()), consumer(room.make_consumer(ConsumerType::Simulcast)) {}

  static PublisherOptions three() {
    PublisherOptions options;
    options.streams = 3;
    return options;
  }

  /// One frame of one packet; its tag tells the stream and the time.
  void send(std::int64_t ms, std::size_t stream, bool key = false) {
    PacketSpec spec;
    spec.ssrc = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
    spec.sequence = next_sequence[stream]++;
    spec.timestamp = timestamp(ms, stream);
    spec.marker = true;
    spec.payload = vp8_payload({.key_frame = key,
                                .picture_id = next_picture[stream]++,
                                .tl0 = next_tl0[stream]++,
                                .tag = static_cast<std::uint32_t>(stream * kTagsPerStream +
                                                                  static_cast<std::size_t>(ms))});
    room.feed(at_ms(ms), spec, stream);
  }
  std::uint32_t timestamp(std::int64_t ms, std::size_t stream) const {
    return static_cast<std::uint32_t>(clock_base[stream] + ms * 90);
  }
  void report(std::int64_t ms, std::size_t stream) {
    rtcp::SenderInfo info;
    info.sender = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
    info.ntp = add(rtp::NtpTime{0xe000'0000'0000'0000}, std::chrono::milliseconds(ms));
    info.rtp_timestamp = timestamp(ms, stream);
    room.producer->handle_sender_report(at_ms(ms), stream, info);
  }

  /// Plays from `from` to before `to`; the publisher sends `layers` and answers each PLI with a key
  /// frame of that stream.
  void play(std::int64_t from, std::int64_t to, std::vector<std::size_t> layers) {
    for (std::int64_t ms = from; ms < to; ++ms) {
      tick(ms);
      if (ms % 50 == 0)
        for (const std::size_t stream : layers)
          send(ms, stream, std::exchange(key_frame_wanted[stream], false));
    }
    for (Sent& packet : room.sink.take()) sent.push_back(std::move(packet));
  }
  /// A screen that stands still: one frame a second, of each stream so many milliseconds after the
  /// second. A PLI makes key frames of all streams, as VP8's encoders do.
  void play_still(std::int64_t from, std::int64_t to, std::map<std::size_t, std::int64_t> after) {
    bool key = false;
    for (std::int64_t ms = from; ms < to; ++ms) {
      tick(ms);
      for (std::size_t stream = 0; stream < 3; ++stream)
        key = std::exchange(key_frame_wanted[stream], false) || key;
      for (const auto& [stream, delay] : after)
        if (ms % 1000 == delay) send(ms, stream, key);
      if (ms % 1000 == 100) key = false;
    }
    for (Sent& packet : room.sink.take()) sent.push_back(std::move(packet));
  }
  void tick(std::int64_t ms) {
    if (const auto at = consumer->next_timeout(); at && *at <= at_ms(ms))
      consumer->handle_timeout(at_ms(ms));
    const auto rtcp = room.rtcp(at_ms(ms));
    if (rtcp.empty()) return;
    const auto compound = rtcp::Compound::parse(rtcp);
    for (const rtcp::PacketView packet : *compound)
      if (packet.type == rtcp::PacketType::PayloadSpecificFeedback) {
        const std::size_t stream = load_be32(packet.body, 4) - 1000;
        key_frame_wanted[stream] = true;
        ++plis[stream];
      }
  }
  int asked() const { return plis[0] + plis[1] + plis[2]; }
  std::vector<std::size_t> streams_of(std::size_t from = 0) const {
    std::vector<std::size_t> streams;
    for (std::size_t i = from; i < sent.size(); ++i)
      streams.push_back(sent[i].vp8_tag() / kTagsPerStream);
    return streams;
  }
  void expect_one_continuous_stream() const {
    for (std::size_t i = 1; i < sent.size(); ++i) {
      ASSERT_EQ(sent[i].index, sent[i - 1].index + 1) << i;
      ASSERT_EQ(*sent[i].vp8()->picture_id, (*sent[i - 1].vp8()->picture_id + 1) & 0x7fff) << i;
      ASSERT_EQ(*sent[i].vp8()->tl0_picture_index,
                static_cast<std::uint8_t>(*sent[i - 1].vp8()->tl0_picture_index + 1))
          << i;
      ASSERT_TRUE(rtp::newer_than(sent[i].view().timestamp(), sent[i - 1].view().timestamp())) << i;
      if (sent[i].vp8_tag() / kTagsPerStream != sent[i - 1].vp8_tag() / kTagsPerStream) {
        ASSERT_TRUE(sent[i].vp8()->is_key_frame) << i;
      }
    }
  }
  std::vector<std::optional<Layers>> layer_events() {
    std::vector<std::optional<Layers>> list;
    for (const Event& event : room.take_events())
      if (const auto* changed = std::get_if<LayersChanged>(&event)) list.push_back(changed->layers);
    return list;
  }

  std::uint16_t next_sequence[3] = {65'500, 10, 30'000};
  std::uint16_t next_picture[3] = {0x7ff0, 5, 300};
  std::uint8_t next_tl0[3] = {250, 7, 99};
  std::uint32_t clock_base[3] = {0xffff'0000, 1000, 777'777};
  bool key_frame_wanted[3] = {};
  int plis[3] = {};
  Room room;
  std::unique_ptr<Consumer> consumer;
  std::vector<Sent> sent;
};

TEST_F(Simulcast, ForwardsTheHighestThatArrivesAndStaysThere) {
  play(0, 3000, {0, 1, 2});
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back().vp8_tag() / kTagsPerStream, 2u);
  expect_one_continuous_stream();
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
  EXPECT_EQ(layer_events().back(), (Layers{2, 0}));
}

TEST_F(Simulcast, BeginsWithALowerLayerWhoseKeyFrameComesFirstAndGoesUp) {
  play(0, 500, {0});
  EXPECT_EQ(consumer->current_layers(), (Layers{0, 0}));
  play(500, 1000, {0, 1});
  EXPECT_EQ(consumer->current_layers(), (Layers{1, 0}));
  play(1000, 1500, {0, 1, 2});
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
  expect_one_continuous_stream();
  EXPECT_EQ(layer_events(),
            (std::vector<std::optional<Layers>>{Layers{0, 0}, Layers{1, 0}, Layers{2, 0}}));
}

TEST_F(Simulcast, LeavesALayerThatIsSilentForHalfASecondAndTakesItBackWhenItReturns) {
  play(0, 1001, {0, 1, 2});
  ASSERT_EQ(consumer->current_layers(), (Layers{2, 0}));
  const std::size_t before = sent.size();
  play(1001, 1500, {0, 1});
  EXPECT_EQ(sent.size(), before);  // Silent, but not for long enough yet: since 1000.
  play(1500, 1700, {0, 1});
  EXPECT_EQ(consumer->current_layers(), (Layers{1, 0}));
  const int asked = plis[2];
  play(1700, 4000, {0, 1});
  EXPECT_EQ(plis[2], asked);
  play(4000, 4300, {0, 1, 2});
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
  EXPECT_GT(plis[2], asked);
  expect_one_continuous_stream();
}

TEST_F(Simulcast, StaysWithTheTopOfAScreenOfOneFrameASecondInWhateverOrderItsLayersCome) {
  const std::map<std::size_t, std::int64_t> orders[] = {
      {{2, 0}, {1, 3}, {0, 5}}, {{0, 0}, {1, 3}, {2, 5}}, {{1, 0}, {2, 30}, {0, 60}}};
  std::int64_t ms = 0;
  for (const auto& order : orders) {
    play_still(ms, ms + 2500, order);
    ASSERT_EQ(consumer->current_layers(), (Layers{2, 0}));
    const int before = asked();
    layer_events();
    play_still(ms + 2500, ms + 10'500, order);
    EXPECT_EQ(asked(), before);
    EXPECT_TRUE(layer_events().empty());
    EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
    ms += 11'000;
  }
}

TEST_F(Simulcast, LeavesTheTopOfAScreenOfOneFrameASecondAfterTwoFramesWithoutIt) {
  play_still(0, 3500, {{2, 0}, {1, 3}, {0, 5}});
  ASSERT_EQ(consumer->current_layers(), (Layers{2, 0}));
  const int before = asked();
  play_still(3500, 5500, {{1, 3}, {0, 5}});
  EXPECT_EQ(asked(), before);
  play_still(5500, 7500, {{1, 3}, {0, 5}});
  EXPECT_EQ(consumer->current_layers(), (Layers{1, 0}));
  expect_one_continuous_stream();
}

TEST_F(Simulcast, StopsWaitingForAStreamWhoseKeyFrameComesWhenABetterOneIsBack) {
  play(0, 1001, {0, 1, 2});
  play(1001, 1500, {0, 1});
  consumer->handle_timeout(at_ms(1500));
  Source& source = room.producer->source();
  ASSERT_EQ(source.stream(1).waiting, 1u);
  send(1502, 2);
  send(1503, 1, true);
  EXPECT_EQ(source.stream(1).waiting, 0u);
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
}

TEST_F(Simulcast, StaysWhereAllLayersAreSilent) {
  play(0, 1001, {0, 1, 2});
  const int asked_before = asked();
  play(1001, 8000, {});
  EXPECT_EQ(asked(), asked_before);
  const std::size_t before = sent.size();
  play(8000, 8200, {0, 1, 2});
  EXPECT_EQ(sent.size(), before + 4);
  expect_one_continuous_stream();
}

TEST_F(Simulcast, FollowsThePreferredLayerDownAndUpAndClampsIt) {
  play(0, 1000, {0, 1, 2});
  EXPECT_EQ(consumer->set_preferred_layers(at_ms(1000), 0, 3), (Layers{0, 0}));
  const std::size_t switching = sent.size();
  play(1000, 1500, {0, 1, 2});
  EXPECT_EQ(consumer->current_layers(), (Layers{0, 0}));
  // It went on with the old layer until the new one's key frame came.
  EXPECT_GT(sent.size(), switching + 5);
  EXPECT_EQ(consumer->set_preferred_layers(at_ms(1500), 9, std::nullopt), (Layers{2, 0}));
  play(1500, 2000, {0, 1, 2});
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 0}));
  expect_one_continuous_stream();
}

TEST_F(Simulcast, AlignsTimestampsBySenderReports) {
  report(0, 0);
  report(0, 1);
  report(0, 2);
  play(0, 1000, {0, 1, 2});
  consumer->set_preferred_layers(at_ms(1000), 0, std::nullopt);
  play(1000, 2000, {0, 1, 2});
  expect_one_continuous_stream();
  for (std::size_t i = 1; i < sent.size(); ++i) {
    const std::size_t captured =
        sent[i].vp8_tag() % kTagsPerStream - sent[i - 1].vp8_tag() % kTagsPerStream;
    const std::uint32_t apart = sent[i].view().timestamp() - sent[i - 1].view().timestamp();
    EXPECT_NEAR(static_cast<double>(apart), static_cast<double>(captured * 90), 2);
  }
}

TEST_F(Simulcast, KeepsLatePacketsOfTheStreamThatItLeft) {
  play(0, 1000, {0, 1, 2});
  PacketSpec lost;
  lost.ssrc = Ssrc{1002};
  lost.sequence = next_sequence[2]++;
  lost.timestamp = timestamp(1000, 2);
  lost.payload = vp8_payload({.picture_id = next_picture[2]++, .tl0 = next_tl0[2]++, .tag = 9});
  send(1050, 2);
  consumer->set_preferred_layers(at_ms(1051), 0, std::nullopt);
  send(1060, 0, true);
  const auto before = room.sink.take();
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(before[1].index, before[0].index + 1);
  room.feed_as_rtx(at_ms(1100), lost, 1, 2);
  const auto late = room.sink.take();
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].index + 1, before[0].index);
  EXPECT_EQ(late[0].vp8_tag(), 9u);
  EXPECT_EQ(*late[0].vp8()->picture_id + 1, *before[0].vp8()->picture_id);
}

TEST_F(Simulcast, AnswersNacksFromTheStreamThatThePacketCameFrom) {
  play(0, 1000, {0, 1, 2});
  const Sent old = sent.back();
  ASSERT_EQ(old.vp8_tag() / kTagsPerStream, 2u);
  consumer->set_preferred_layers(at_ms(1000), 0, std::nullopt);
  play(1000, 1200, {0, 1, 2});
  with_nack(std::vector<std::uint16_t>{old.sequence()},
            [&](const rtcp::Nack& nack) { consumer->handle_nack(at_ms(1200), nack, room.sink); });
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(repaired[0].view().payload().subspan(2), old.view().payload()));
}

TEST_F(Simulcast, TellsThatNothingIsSentWhilePaused) {
  play(0, 1000, {0, 1, 2});
  layer_events();
  consumer->pause(at_ms(1000));
  EXPECT_EQ(layer_events(), (std::vector<std::optional<Layers>>{std::nullopt}));
  EXPECT_EQ(consumer->current_layers(), std::nullopt);
}

TEST_F(Simulcast, TellsOfItsLayersWithinBoundsHoweverOftenTheyChangeAndRightAtLast) {
  play(0, 100, {0});
  layer_events();
  for (int i = 0; i < 1000; ++i) {
    consumer->pause(at_ms(100));
    consumer->resume(at_ms(100));
    send(100, 0, true);
  }
  EXPECT_LE(layer_events().size(), 16u);
  consumer->handle_timeout(at_ms(1100));
  EXPECT_EQ(layer_events(), (std::vector<std::optional<Layers>>{consumer->current_layers()}));
  EXPECT_NE(consumer->current_layers(), std::nullopt);
}

TEST_F(Simulcast, StaysOneContinuousStreamUnderAnyRowOfLayersAndWishes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    TestRandom random(seed);
    std::int64_t ms = 100'000 * static_cast<std::int64_t>(seed);
    for (int step = 0; step < 30; ++step) {
      std::vector<std::size_t> layers;
      for (std::size_t i = 0; i < 3; ++i)
        if (random.chance(70)) layers.push_back(i);
      if (random.chance(40))
        consumer->set_preferred_layers(at_ms(ms), static_cast<std::uint8_t>(random.below(3)),
                                       std::nullopt);
      if (random.chance(30)) report(ms, random.below(3));
      const std::int64_t until = ms + 50 + random.below(1500);
      play(ms, until, layers);
      ms = until;
    }
    ASSERT_NO_FATAL_FAILURE(expect_one_continuous_stream());
  }
  EXPECT_GT(sent.size(), 3000u);
}

}  // namespace
}  // namespace sfu::media

#include "media/consumer.h"

#include <gtest/gtest.h>

#include "media/frames_for_test.h"
#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

TEST(Consumer, RewritesTheHeaderAndSharesThePayload) {
  Room room;
  const auto consumer = room.make_consumer();
  PacketSpec spec = frame(1, true);
  const std::uint8_t level[] = {0x85};
  spec.extensions = {{kMidId, as_bytes("0")}, {kTccId, as_bytes("ab")}, {kLevelId, level}};
  room.feed(at_ms(0), spec);
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 1u);
  const auto view = sent[0].view();
  EXPECT_EQ(view.ssrc(), kViewerSsrc);
  EXPECT_EQ(view.payload_type(), kRouterVp8);
  EXPECT_TRUE(view.marker());
  EXPECT_EQ(as_text(*view.extension(1)), "7");
  EXPECT_EQ((*view.extension(10))[0], 0x85);
  ASSERT_NE(sent[0].patch.transport_cc, 0);
  ASSERT_NE(sent[0].patch.abs_send_time, 0);
  EXPECT_EQ(view.extension(5)->data(), sent[0].bytes.data() + sent[0].patch.transport_cc);
  EXPECT_EQ(view.extension(4)->data(), sent[0].bytes.data() + sent[0].patch.abs_send_time);
  EXPECT_TRUE(std::ranges::equal(view.payload(), spec.payload));
}

TEST(Consumer, ForwardsNothingUntilTheFirstPacketOfAKeyFrame) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1));
  room.feed(at_ms(1), frame(2));
  EXPECT_TRUE(room.sink.take().empty());
  room.feed(at_ms(2), frame(3, true));
  room.feed(at_ms(3), frame(4));
  EXPECT_EQ(tags(room.sink.take()), (std::vector<std::uint32_t>{3, 4}));
}

TEST(Consumer, AsksForAKeyFrameFromItsStartUntilOneComes) {
  Room room;
  room.feed(at_ms(0), frame(1));
  const auto consumer = room.make_consumer(ConsumerType::Simple, true);
  room.rtcp(at_ms(0));
  consumer->resume(at_ms(100));
  EXPECT_EQ(count_plis(room.rtcp(at_ms(100))), 1u);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(399))), 0u);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(400))), 1u);
  room.feed(at_ms(500), frame(2, true));
  for (std::int64_t ms = 500; ms < 4000; ms += 10) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
}

TEST(Consumer, TellsOfAPublishersFallingScoreToAViewerThatNeverReported) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  const auto told = [&] {
    std::vector<std::uint8_t> scores;
    for (const Event& event : room.take_events())
      if (const auto* scored = std::get_if<ConsumerScored>(&event))
        scores.push_back(scored->producer_score);
    return scores;
  };
  Source& source = room.producer->source();
  source.set_score(at_ms(1000), 0, 10);
  EXPECT_EQ(told(), std::vector<std::uint8_t>{});
  source.set_score(at_ms(2000), 0, 4);
  source.set_score(at_ms(3000), 0, 10);
  EXPECT_EQ(told(), (std::vector<std::uint8_t>{4, 10}));
}

TEST(Consumer, StopsAskingWhenItIsPausedOrDestroyed) {
  Room room;
  auto first = room.make_consumer();
  auto second = room.make_consumer();
  EXPECT_EQ(count_plis(room.rtcp(at_ms(0))), 1u);
  first->pause(at_ms(10));
  EXPECT_EQ(count_plis(room.rtcp(at_ms(300))), 1u);  // For the second.
  second.reset();
  for (std::int64_t ms = 310; ms < 4000; ms += 10) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
  EXPECT_EQ(room.producer->source().stream(0).waiting, 0u);
}

TEST(Consumer, SendsNothingWhilePausedAndGoesOnWithoutAGapInItsNumbers) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  const auto first = room.sink.take();
  consumer->pause(at_ms(10));
  for (std::uint16_t n = 2; n < 50; ++n) room.feed(at_ms(33 * n), frame(n));
  EXPECT_TRUE(room.sink.take().empty());
  consumer->resume(at_ms(2000));
  room.feed(at_ms(2001), frame(50));
  room.feed(at_ms(2034), frame(51, true));
  const auto then = room.sink.take();
  ASSERT_EQ(tags(then), (std::vector<std::uint32_t>{51}));
  EXPECT_EQ(then[0].index, first[0].index + 1);
  EXPECT_EQ(then[0].vp8()->picture_id, *first[0].vp8()->picture_id + 1);
  EXPECT_EQ(then[0].view().timestamp(), first[0].view().timestamp() + 50 * 3000);
}

TEST(Consumer, WaitsForAKeyFrameAfterThePublisherPaused) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  room.rtcp(at_ms(0));
  room.producer->set_paused(at_ms(10), true);
  EXPECT_TRUE(consumer->stats(at_ms(11)).producer_paused);
  room.producer->set_paused(at_ms(1000), false);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(1000))), 1u);
  room.sink.take();
  room.feed(at_ms(1010), frame(2));
  EXPECT_TRUE(room.sink.take().empty());
  room.feed(at_ms(1020), frame(3, true));
  EXPECT_EQ(room.sink.take().size(), 1u);
}

TEST(Consumer, ForwardsLatePacketsUnderTheNumberThatWaitedForThem) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  room.feed(at_ms(10), frame(4));
  const auto before = room.sink.take();
  room.feed_as_rtx(at_ms(60), frame(3), 1);
  room.feed_as_rtx(at_ms(61), frame(2), 2);
  const auto late = room.sink.take();
  ASSERT_EQ(tags(late), (std::vector<std::uint32_t>{3, 2}));
  EXPECT_EQ(before[1].index, before[0].index + 3);
  EXPECT_EQ(late[0].index, before[0].index + 2);
  EXPECT_EQ(late[1].index, before[0].index + 1);
  EXPECT_EQ(late[1].view().timestamp(), before[0].view().timestamp() + 3000);
}

TEST(Consumer, StartsAtAKeyFrameWhoseFirstPacketComesLateWithAllThatFollowsIt) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1));
  PacketSpec middle = frame(3);
  middle.timestamp = 3000 * 2;
  middle.payload = vp8_payload({.starts_frame = false, .picture_id = 2, .tag = 3});
  PacketSpec end = frame(4);
  end.timestamp = 3000 * 2;
  end.payload = vp8_payload({.starts_frame = false, .picture_id = 2, .tag = 4});
  room.feed(at_ms(1), middle);
  room.feed(at_ms(2), end);
  room.feed(at_ms(3), frame(6));
  EXPECT_TRUE(room.sink.take().empty());
  room.feed_as_rtx(at_ms(60), frame(2, true), 1);
  const auto sent = room.sink.take();
  ASSERT_EQ(tags(sent), (std::vector<std::uint32_t>{2, 3, 4, 6}));
  EXPECT_EQ(sent[3].index, sent[0].index + 4);
  room.feed_as_rtx(at_ms(70), frame(5), 2);
  EXPECT_EQ(room.sink.take().at(0).index, sent[0].index + 3);
}

TEST(Consumer, ClosesTheNumbersOfPadding) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  PacketSpec padding;
  padding.sequence = 2;
  padding.padding = 200;
  room.feed(at_ms(1), padding);
  room.feed(at_ms(2), frame(3));
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].index, sent[0].index + 1);
}

TEST(Consumer, FillsTheNumberOfPaddingThatComesLateWithAnEmptyPacket) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  room.feed(at_ms(2), frame(3));
  room.sink.take();
  PacketSpec padding;
  padding.sequence = 2;
  padding.padding = 200;
  room.feed(at_ms(3), padding);
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].view().payload().empty());
  EXPECT_EQ(sent[0].view().padding_size(), 0u);
}

TEST(Consumer, LeavesOutHigherTemporalLayersWithNumbersAndPicturesContinuous) {
  Room room;
  const auto consumer = room.make_consumer();
  std::uint16_t n = 100;
  std::uint16_t picture = 0x7ff0;  // Across its wrap.
  std::uint8_t tl0 = 250;
  std::vector<Sent> all;
  for (int group = 0; group < 20; ++group) {
    for (const std::uint8_t temporal : std::initializer_list<std::uint8_t>{0, 2, 1, 2}) {
      if (temporal == 0) ++tl0;
      for (int part = 0; part < 2; ++part) {
        PacketSpec spec;
        spec.sequence = n++;
        spec.timestamp = 3000u * picture;
        spec.marker = part == 1;
        spec.payload = vp8_payload({.starts_frame = part == 0,
                                    .key_frame = group == 0 && temporal == 0,
                                    .picture_id = picture,
                                    .tl0 = tl0,
                                    .temporal = temporal,
                                    .sync = temporal > 0});
        room.feed(at_ms(n), spec);
      }
      picture = (picture + 1) & 0x7fff;
    }
    if (group == 0) {
      EXPECT_EQ(consumer->set_preferred_layers(at_ms(n), 0, 1), (Layers{0, 1}));
      room.sink.take();
    }
  }
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 19u * 4);  // Half of the frames.
  for (std::size_t i = 1; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].index, sent[i - 1].index + 1);
    EXPECT_LE(*sent[i].vp8()->temporal_layer, 1);
    const int step = i % 2 == 0 ? 1 : 0;
    EXPECT_EQ(*sent[i].vp8()->picture_id, (*sent[i - 1].vp8()->picture_id + step) & 0x7fff);
  }
}

TEST(Consumer, GoesUpATemporalLayerOnlyWhereTheStreamAllowsIt) {
  Room room;
  const auto consumer = room.make_consumer();
  const auto feed = [&](std::uint16_t n, std::uint8_t temporal, bool sync, bool key = false) {
    PacketSpec spec = frame(n);
    spec.payload = vp8_payload(
        {.key_frame = key, .picture_id = n, .temporal = temporal, .sync = sync, .tag = n});
    room.feed(at_ms(33 * n), spec);
  };
  consumer->set_preferred_layers(at_ms(0), 0, 7);
  feed(1, 0, false, true);
  feed(2, 1, true);
  consumer->set_preferred_layers(at_ms(70), 0, 0);
  feed(3, 0, false);
  feed(4, 1, true);
  consumer->set_preferred_layers(at_ms(140), 0, 1);
  feed(5, 0, false);
  feed(6, 1, false);  // Refers to 4, which the viewer lacks.
  feed(7, 0, false);
  feed(8, 1, true);
  feed(9, 1, false);
  EXPECT_EQ(tags(room.sink.take()), (std::vector<std::uint32_t>{1, 2, 3, 5, 7, 8, 9}));
}

TEST(Consumer, FillsTheNumberOfALateFrameThatItWouldHaveLeftOut) {
  Room room;
  const auto consumer = room.make_consumer();
  const auto spec = [&](std::uint16_t n, std::uint8_t temporal, bool key = false) {
    PacketSpec made = frame(n);
    made.payload = vp8_payload(
        {.key_frame = key, .picture_id = n, .temporal = temporal, .sync = true, .tag = n});
    return made;
  };
  room.feed(at_ms(0), spec(1, 0, true));
  room.feed(at_ms(1), spec(2, 1));
  consumer->set_preferred_layers(at_ms(2), 0, 0);
  room.feed(at_ms(3), spec(3, 0));
  room.feed(at_ms(4), spec(6, 0));
  const auto before = room.sink.take();
  room.feed_as_rtx(at_ms(60), spec(5, 1), 1);
  room.feed_as_rtx(at_ms(61), spec(4, 0), 2);
  const auto late = room.sink.take();
  ASSERT_EQ(late.size(), 2u);
  EXPECT_EQ(late[0].index + 1, before.back().index);
  EXPECT_TRUE(late[0].view().payload().empty());
  EXPECT_EQ(late[1].vp8_tag(), 4u);
}

TEST(Consumer, FillsTheNumberOfALatePictureWhoseIdWasGivenOutAgain) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  PacketSpec padding;
  padding.sequence = 3;
  padding.padding = 10;
  room.feed(at_ms(1), padding);  // Picture 2 is missing before it.
  consumer->pause(at_ms(2));
  consumer->resume(at_ms(3));
  room.feed(at_ms(4), frame(4, true, 3));
  const auto before = room.sink.take();
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(*before[1].vp8()->picture_id, *before[0].vp8()->picture_id + 1);
  room.feed_as_rtx(at_ms(60), frame(2), 1);
  const auto late = room.sink.take();
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].index, before[0].index + 1);
  EXPECT_TRUE(late[0].view().payload().empty());
}

TEST(Consumer, BeginsAnewWithoutAGapAfterThePublisherRestarted) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  room.feed(at_ms(33), frame(2));
  const auto before = room.sink.take();
  room.feed(at_ms(66), frame(40'000));  // On probation.
  room.feed(at_ms(99), frame(40'001));
  EXPECT_TRUE(room.sink.take().empty());
  PacketSpec key = frame(40'002, true, 77);
  key.timestamp = 3'000'000'000;
  room.feed(at_ms(133), key);
  const auto after = room.sink.take();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].index, before[1].index + 1);
  EXPECT_EQ(*after[0].vp8()->picture_id, *before[1].vp8()->picture_id + 1);
  // By the time that has passed: its clock has nothing to do with the old one.
  EXPECT_EQ(after[0].view().timestamp(), before[1].view().timestamp() + 100 * 90);
}

TEST(Consumer, TurnsPliIntoARequestAndRepeatsItUntilTheKeyFrameComes) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  EXPECT_EQ(count_plis(room.rtcp(at_ms(0))), 0u);
  consumer->handle_key_frame_request(at_ms(1000), Consumer::KeyFrameFeedback::Pli);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(1000))), 1u);
  consumer->handle_key_frame_request(at_ms(1100), Consumer::KeyFrameFeedback::Fir);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(1100))), 0u);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(1300))), 1u);
  room.feed(at_ms(1350), frame(2, true));
  for (std::int64_t ms = 1350; ms < 4000; ms += 10) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
  EXPECT_EQ(consumer->stats(at_ms(4000)).stream.pli_count, 1u);
  EXPECT_EQ(consumer->stats(at_ms(4000)).stream.fir_count, 1u);
}

/// The publisher may send what this viewer does not speak, under another payload type.
TEST(Consumer, AsksAgainWhereAKeyFrameCameThatItCouldNotBeginWith) {
  constexpr std::uint8_t kOther = 98, kRouterOther = 104;
  Room room;
  ortc::RtpParameters parameters = publisher_parameters({});
  parameters.codecs.push_back(codec("video/VP8", kOther));
  ortc::RtpMapping codecs = mapping({});
  codecs.codecs.push_back({kOther, kRouterOther});
  room.producer = std::move(*Producer::create(
      at_ms(0), {ProducerId::random(room.random), ortc::MediaKind::Video, parameters, codecs},
      room.router, room.random));
  const auto consumer = room.make_consumer();
  EXPECT_EQ(count_plis(room.rtcp(at_ms(0))), 1u);
  PacketSpec foreign = frame(1, true);
  foreign.payload_type = kOther;
  room.feed(at_ms(100), foreign);
  EXPECT_TRUE(room.sink.take().empty());
  EXPECT_EQ(count_plis(room.rtcp(at_ms(499))), 0u);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(500))), 1u);
  room.feed(at_ms(600), frame(2, true));
  EXPECT_EQ(room.sink.take().size(), 1u);
  for (std::int64_t ms = 600; ms < 3000; ms += 10) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
}

TEST(Consumer, ReportsThatItStandsStillAfterTwoSecondsOnceAndNotBefore) {
  Room room;
  const auto consumer = room.make_consumer();
  room.take_events();
  std::vector<std::int64_t> told;
  for (std::int64_t ms = 0; ms < 9000; ms += 10) {
    if (const auto at = consumer->next_timeout(); at && *at <= at_ms(ms))
      consumer->handle_timeout(at_ms(ms));
    for (const Event& event : room.take_events())
      if (const auto* diagnosis = std::get_if<Diagnosis>(&event)) {
        EXPECT_EQ(diagnosis->kind, Diagnosis::Kind::WaitsForKeyFrame);
        EXPECT_EQ(diagnosis->consumer, consumer->id());
        told.push_back(ms);
      }
  }
  EXPECT_EQ(told, (std::vector<std::int64_t>{2000}));
}

TEST(Consumer, ReportsThatItsClientNeverResumedItAfterTenSeconds) {
  for (const bool resumes : {false, true}) {
    Room room;
    const auto consumer = room.make_consumer(ConsumerType::Simple, true);
    if (resumes) consumer->resume(at_ms(5000));
    room.feed(at_ms(5001), frame(1, true));
    room.take_events();
    consumer->handle_timeout(at_ms(9999));
    EXPECT_TRUE(room.take_events().empty());
    consumer->handle_timeout(at_ms(10'000));
    consumer->handle_timeout(at_ms(20'000));
    EXPECT_EQ(room.take_events().size(), resumes ? 0u : 1u);
  }
}

TEST(Consumer, ForwardsAudioAtOnceAndAsItComes) {
  PublisherOptions options;
  options.kind = ortc::MediaKind::Audio;
  Room room(options);
  const auto consumer = room.make_consumer();
  const auto feed = [&](std::uint16_t n) {
    PacketSpec spec;
    spec.payload_type = kOpus;
    spec.sequence = n;
    spec.timestamp = 960u * n;
    spec.payload = {0x78, static_cast<std::uint8_t>(n)};
    room.feed(at_ms(20 * n), spec);
  };
  for (const int n : {5, 6, 9, 8}) feed(static_cast<std::uint16_t>(n));
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].view().payload_type(), kRouterOpus);
  EXPECT_EQ(sent[1].index, sent[0].index + 1);
  EXPECT_EQ(sent[2].index, sent[0].index + 4);
  EXPECT_EQ(sent[3].index, sent[0].index + 3);
  EXPECT_EQ(sent[3].view().timestamp(), sent[0].view().timestamp() + 3 * 960);
  EXPECT_EQ(consumer->next_timeout(), at_ms(100) + SenderReports::kFirstDelay);
  EXPECT_TRUE(room.rtcp(at_ms(190)).empty());
}

TEST(Consumer, LosesAPacketButNotItsNumberWhereTheSinkIsFull) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  room.sink.full = true;
  room.feed(at_ms(1), frame(2));
  room.sink.full = false;
  room.feed(at_ms(2), frame(3));
  const auto sent = room.sink.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].index, sent[0].index + 2);
  EXPECT_EQ(consumer->stats(at_ms(3)).stream.packets_discarded, 1u);
  nack(*consumer, at_ms(50), {static_cast<std::uint16_t>(sent[0].index + 1)}, room.sink);
  EXPECT_EQ(room.sink.take().size(), 1u);
}

TEST(Consumer, OutlivesItsProducer) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  const std::uint16_t number = room.sink.take().at(0).sequence();
  room.producer.reset();
  nack(*consumer, at_ms(10), {number}, room.sink);
  consumer->handle_key_frame_request(at_ms(10), Consumer::KeyFrameFeedback::Pli);
  consumer->pause(at_ms(11));
  consumer->resume(at_ms(12));
  EXPECT_EQ(consumer->set_preferred_layers(at_ms(13), 2, 2), Layers{});
  consumer->handle_timeout(at_ms(20'000));
  EXPECT_EQ(consumer->next_timeout(), std::nullopt);
  std::array<std::uint8_t, 1200> bytes;
  rtcp::CompoundBuilder builder(bytes);
  EXPECT_TRUE(consumer->collect_rtcp(at_ms(20'000), builder));
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(room.sink.take().empty());
}

TEST(Consumer, IsRefusedWithItsReason) {
  TestRandom random(1);
  const PublisherOptions options;
  ortc::RtpParameters parameters = viewer_parameters(options);
  const auto create = [&] {
    return Consumer::create(at_ms(0),
                            {ConsumerId::random(random), ProducerId::random(random), options.kind,
                             ConsumerType::Simple, parameters, true},
                            random);
  };
  EXPECT_TRUE(create());
  parameters.encodings[0].ssrc.reset();
  EXPECT_EQ(create().error(), ConsumerError::NoSsrc);
  parameters = viewer_parameters(options);
  parameters.codecs.erase(parameters.codecs.begin());
  EXPECT_EQ(create().error(), ConsumerError::NoCodec);
}

}  // namespace
}  // namespace sfu::media

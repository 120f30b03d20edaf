#include "media/producer.h"

#include <gtest/gtest.h>

#include "media/media_for_test.h"
#include "rtcp/fir.h"
#include "rtcp/receiver_report.h"

namespace sfu::media {
namespace {

using namespace test;
using Outcome = Producer::Outcome;

PacketSpec video(std::uint16_t n, bool key_frame = false) {
  PacketSpec spec;
  spec.sequence = n;
  spec.timestamp = 3000u * n;
  spec.marker = true;
  spec.payload = vp8_payload({.key_frame = key_frame, .picture_id = n, .tag = n});
  return spec;
}

/// Keeps what it is given.
class Recorder final : public Subscriber {
 public:
  void handle_subscribed(Timestamp) override {}
  void handle_packet(Timestamp, const ReceivedPacket& packet, PacketSink&) override {
    packets.push_back(packet);
  }
  void handle_source_paused(Timestamp, bool is_paused) override { paused = is_paused; }
  void handle_source_score(Timestamp) override {}
  void handle_source_closed() override { closed = true; }

  std::vector<ReceivedPacket> packets;
  bool paused = false;
  bool closed = false;
};

TEST(Producer, HandsEachPacketToEachSubscriberParsed) {
  Room room;
  Recorder first, second;
  room.router.subscribe(at_ms(0), room.producer->id(), first, room.sink);
  room.router.subscribe(at_ms(0), room.producer->id(), second, room.sink);
  EXPECT_EQ(room.feed(at_ms(5), video(10, true)), Outcome::Forwarded);
  ASSERT_EQ(first.packets.size(), 1u);
  ASSERT_EQ(second.packets.size(), 1u);
  const ReceivedPacket& packet = first.packets[0];
  EXPECT_EQ(packet.sequence, 10);
  EXPECT_EQ(packet.mapped_payload_type, kRouterVp8);
  EXPECT_TRUE(packet.info.is_key_frame_start);
  EXPECT_EQ(packet.vp8->picture_id, 10);
  EXPECT_EQ(packet.arrival, at_ms(5));
  EXPECT_FALSE(packet.late);
}

TEST(Producer, AsksForAGapAtOnceAndAgainByRoundTripTimeUntilItIsFilled) {
  Room room;
  room.producer->set_round_trip_time(std::chrono::milliseconds(60));
  room.feed(at_ms(0), video(1));
  room.rtcp(at_ms(0));
  room.feed(at_ms(10), video(4));
  EXPECT_LE(*room.producer->next_timeout(), at_ms(10));
  EXPECT_EQ(nacked(room.rtcp(at_ms(10))), (std::vector<std::uint16_t>{2, 3}));
  EXPECT_TRUE(nacked(room.rtcp(at_ms(69))).empty());
  room.feed(at_ms(69), video(3));
  EXPECT_EQ(nacked(room.rtcp(at_ms(70))), (std::vector<std::uint16_t>{2}));
  EXPECT_EQ(room.feed_as_rtx(at_ms(75), video(2), 1), Outcome::Forwarded);
  EXPECT_TRUE(nacked(room.rtcp(at_ms(500))).empty());
}

TEST(Producer, AStreamThatItDoesNotHaveIsNotedAsAFaultAndForwardsNothing) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  EXPECT_NE(room.feed(at_ms(0), video(1, true), 99), Outcome::Forwarded);
  EXPECT_TRUE(recorder.packets.empty());
  EXPECT_NE(room.events.faults().take(), nullptr);
  EXPECT_EQ(room.feed(at_ms(1), video(2)), Outcome::Forwarded);
  EXPECT_EQ(room.events.faults().take(), nullptr);
}

TEST(Producer, AWaitThatNeverBeganIsNotedAsAFaultWhenItEnds) {
  Room room;
  room.producer->source().end_wait(0);
  EXPECT_NE(room.events.faults().take(), nullptr);
  room.producer->source().begin_wait(at_ms(0), 0);
  room.producer->source().end_wait(0);
  EXPECT_EQ(room.events.faults().take(), nullptr);
}

TEST(Producer, UnwrapsRtxIntoThePacketThatWasLost) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  for (const std::uint16_t n : std::initializer_list<std::uint16_t>{1, 2, 4})
    room.feed(at_ms(n), video(n));
  EXPECT_EQ(room.feed_as_rtx(at_ms(50), video(3), 900), Outcome::Forwarded);
  ASSERT_EQ(recorder.packets.size(), 4u);
  const ReceivedPacket& repaired = recorder.packets[3];
  EXPECT_EQ(repaired.sequence, 3);
  EXPECT_TRUE(repaired.repaired);
  EXPECT_TRUE(repaired.late);
  EXPECT_EQ(repaired.view.ssrc(), Ssrc{1000});
  EXPECT_EQ(repaired.view.payload_type(), kVp8);
  EXPECT_EQ(
      std::vector<std::uint8_t>(repaired.view.payload().begin(), repaired.view.payload().end()),
      video(3).payload);
  EXPECT_EQ(room.feed_as_rtx(at_ms(60), video(3), 901), Outcome::Duplicate);
  EXPECT_EQ(recorder.packets.size(), 4u);
  const auto stats = room.producer->stats(at_ms(100));
  EXPECT_EQ(stats.streams[0].packets_repaired, 1u);
  EXPECT_EQ(stats.streams[0].packets_retransmitted, 2u);
}

TEST(Producer, TakesRtxThatCarriesNothingForEmpty) {
  Room room;
  room.feed(at_ms(0), video(1));
  PacketSpec probe;
  probe.ssrc = Ssrc{2000};
  probe.payload_type = kVp8Rtx;
  probe.padding = 200;
  EXPECT_EQ(room.feed(at_ms(1), make_packet(probe), 0, true), Outcome::Empty);
}

TEST(Producer, RefusesRtxOfAnUnknownPayloadTypeAndUnknownMedia) {
  Room room;
  PacketSpec spec = video(1);
  spec.payload_type = 77;
  EXPECT_EQ(room.feed(at_ms(0), spec), Outcome::UnknownPayloadType);
  EXPECT_EQ(room.feed(at_ms(0), make_packet(spec), 0, true), Outcome::UnknownPayloadType);
}

TEST(Producer, CountsPaddingForContinuityAndMarksItEmpty) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  room.feed(at_ms(0), video(1));
  PacketSpec padding;
  padding.sequence = 2;
  padding.padding = 100;
  EXPECT_EQ(room.feed(at_ms(1), padding), Outcome::Empty);
  room.feed(at_ms(2), video(3));
  EXPECT_TRUE(nacked(room.rtcp(at_ms(3))).empty());
  ASSERT_EQ(recorder.packets.size(), 3u);
  EXPECT_TRUE(recorder.packets[1].is_empty);
}

TEST(Producer, DropsVideoThatCannotBeReadButKeepsItsNumber) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  PacketSpec broken = video(1);
  broken.payload = {0x80};
  EXPECT_EQ(room.feed(at_ms(0), broken), Outcome::Empty);
  ASSERT_EQ(recorder.packets.size(), 1u);
  EXPECT_TRUE(recorder.packets[0].is_empty);
  EXPECT_EQ(room.producer->stats(at_ms(1)).streams[0].packets_discarded, 1u);
}

TEST(Producer, ForwardsAudioWhateverItHolds) {
  PublisherOptions options;
  options.kind = ortc::MediaKind::Audio;
  Room room(options);
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  PacketSpec spec;
  spec.payload_type = kOpus;
  spec.payload = {0xff};
  EXPECT_EQ(room.feed(at_ms(0), spec), Outcome::Forwarded);
  EXPECT_FALSE(recorder.packets.at(0).is_empty);
}

TEST(Producer, TurnsAGapThatCannotBeFilledIntoAKeyFrameRequestWhereSomebodyWatches) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), video(1, true));
  room.rtcp(at_ms(0));
  room.feed(at_ms(10), video(3));
  std::size_t nacks = 0, plis = 0;
  std::int64_t first_pli = 0;
  for (std::int64_t ms = 10; ms <= 1400; ++ms) {
    room.producer->handle_timeout(at_ms(ms));
    const auto rtcp = room.rtcp(at_ms(ms));
    nacks += nacked(rtcp).size();
    if (count_plis(rtcp) > 0 && plis++ == 0) first_pli = ms;
  }
  EXPECT_EQ(nacks, 10u);
  EXPECT_EQ(first_pli, 1010);
  EXPECT_EQ(plis, 2u);  // Repeated 300 ms later, for the first one may be lost.
  room.feed(at_ms(1450), video(4, true));
  for (std::int64_t ms = 1450; ms <= 5000; ++ms) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
}

TEST(Producer, AsksForNoKeyFrameWhereNobodyWatches) {
  Room room;
  room.feed(at_ms(0), video(1, true));
  room.feed(at_ms(10), video(3));
  for (std::int64_t ms = 10; ms <= 3000; ++ms) EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u);
}

TEST(Producer, AsksWithFirWherePliIsNotNegotiatedAndCountsItsCommandsUp) {
  Room room;
  const PublisherOptions options;
  ortc::RtpParameters parameters = publisher_parameters(options);
  parameters.encodings[0].ssrc = Ssrc{3000};
  parameters.codecs[0].rtcp_feedback = {{"ccm", "fir"}};
  const ortc::RtpMapping codecs = mapping(options);
  auto producer = Producer::create(
      at_ms(0), {ProducerId::random(room.random), options.kind, parameters, codecs}, room.router,
      room.random);
  ASSERT_TRUE(producer);
  std::vector<std::uint8_t> numbers;
  for (const std::int64_t ms : {0, 600}) {
    (*producer)->source().request_key_frame(at_ms(ms), 0);
    std::array<std::uint8_t, 1200> bytes;
    rtcp::CompoundBuilder builder(bytes);
    ASSERT_TRUE((*producer)->collect_rtcp(at_ms(ms), Ssrc{42}, builder));
    const auto compound = rtcp::Compound::parse(builder.bytes());
    for (const rtcp::PacketView packet : *compound) {
      const auto fir = rtcp::Fir::parse(packet);
      ASSERT_TRUE(fir);
      EXPECT_EQ(fir->entries[0].media, Ssrc{3000});
      numbers.push_back(fir->entries[0].command_number);
    }
    (*producer)->source().stream(0).key_frames.handle_key_frame();
  }
  EXPECT_EQ(numbers, (std::vector<std::uint8_t>{1, 2}));
}

TEST(Producer, TellsTheQueueWhenAViewerWantsAKeyFrame) {
  Room room;
  room.feed(at_ms(0), video(1));
  room.take_events();
  const auto consumer = room.make_consumer(ConsumerType::Simple, true);
  EXPECT_TRUE(room.take_events().empty());
  consumer->resume(at_ms(100));
  const auto events = room.take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<FeedbackWanted>(events[0]).producer, room.producer->id());
  EXPECT_EQ(*room.producer->next_timeout(), at_ms(100));
  EXPECT_EQ(count_plis(room.rtcp(at_ms(100))), 1u);
}

TEST(Producer, ReportsEveryHalfToOneAndAHalfSecondsOnAllItsStreams) {
  PublisherOptions options;
  options.streams = 3;
  Room room(options);
  std::vector<std::int64_t> reports;
  for (std::int64_t ms = 0; ms < 60'000; ++ms) {
    if (ms % 20 == 0)
      for (std::size_t stream = 0; stream < 3; ++stream) {
        PacketSpec spec = video(static_cast<std::uint16_t>(ms / 20));
        spec.ssrc = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
        room.feed(at_ms(ms), spec, stream);
      }
    const auto bytes = room.rtcp(at_ms(ms));
    if (bytes.empty()) continue;
    const auto compound = rtcp::Compound::parse(bytes);
    for (const rtcp::PacketView packet : *compound) {
      const auto report = rtcp::ReceiverReport::parse(packet);
      ASSERT_TRUE(report);
      EXPECT_EQ(report->reports.size(), 3u);
      reports.push_back(ms);
    }
  }
  EXPECT_NEAR(static_cast<double>(reports.size()), 60, 8);
  for (std::size_t i = 1; i < reports.size(); ++i) {
    EXPECT_GE(reports[i] - reports[i - 1], 500);
    EXPECT_LE(reports[i] - reports[i - 1], 1500);
  }
}

TEST(Producer, WritesNothingHalfWhereTheBuilderIsFullAndTheRestNext) {
  Room room;
  room.feed(at_ms(0), video(0));
  room.rtcp(at_ms(0));
  // Numbers far apart need an item each.
  for (std::uint16_t n = 40; n <= 800; n = static_cast<std::uint16_t>(n + 2))
    room.feed(at_ms(1), video(n));
  std::vector<std::uint16_t> lost;
  bool done = false;
  for (int round = 0; round < 100 && !done; ++round) {
    std::array<std::uint8_t, 60> bytes;
    rtcp::CompoundBuilder builder(bytes);
    done = room.producer->collect_rtcp(at_ms(1), Ssrc{42}, builder);
    for (const std::uint16_t n : nacked(builder.bytes())) lost.push_back(n);
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(lost.size(), 39u + 380u);
  EXPECT_TRUE(std::ranges::is_sorted(lost));
  EXPECT_EQ(std::ranges::adjacent_find(lost), lost.end());
}

TEST(Producer, OfASenderThatFellSilentHoldsNoBuffersBeyondTheirTime) {
  Room room;
  for (std::uint16_t n = 1; n <= 100; ++n) room.feed(at_ms(n), video(n, n == 1));
  EXPECT_EQ(room.producer->source().stream(0).history.packets(), 100u);
  room.producer->handle_timeout(at_ms(200) + History::kMaxAge);
  EXPECT_EQ(room.producer->source().stream(0).history.packets(), 1u);
}

TEST(Producer, BelievesNoRoundTripThatNoCallCouldLiveWith) {
  Room room;
  room.producer->set_round_trip_time(std::chrono::milliseconds(60));
  room.producer->set_round_trip_time(Producer::kMaxRoundTripTime + TimeDelta(1));
  room.feed(at_ms(0), video(1));
  EXPECT_EQ(room.producer->stats(at_ms(0)).streams[0].round_trip_time_ms, 60);
}

TEST(Producer, DropsAndDoesNotAskWhilePausedButGoesOnReporting) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  room.feed(at_ms(0), video(1));
  room.producer->set_paused(at_ms(5), true);
  EXPECT_TRUE(recorder.paused);
  EXPECT_EQ(room.feed(at_ms(10), video(4)), Outcome::Paused);
  EXPECT_EQ(recorder.packets.size(), 1u);
  const auto rtcp = room.rtcp(at_ms(2000));
  EXPECT_EQ(count_rtcp(rtcp, rtcp::PacketType::ReceiverReport), 1u);
  EXPECT_TRUE(nacked(rtcp).empty());
  EXPECT_EQ(count_plis(rtcp), 0u);
  EXPECT_EQ(room.producer->stats(at_ms(2000)).streams[0].packets, 2u);
  room.producer->set_paused(at_ms(2100), false);
  EXPECT_FALSE(recorder.paused);
  EXPECT_TRUE(nacked(room.rtcp(at_ms(2100))).empty());
  EXPECT_EQ(room.feed(at_ms(2110), video(5)), Outcome::Forwarded);
}

TEST(Producer, KeepsNoClockOfASenderThatHasNone) {
  Room room;
  room.producer->handle_sender_report(at_ms(0), 0, {Ssrc{1000}, rtp::NtpTime{0}, 77, 1, 1});
  EXPECT_FALSE(room.producer->source().stream(0).clock);
  room.producer->handle_sender_report(at_ms(5), 0, {Ssrc{1000}, rtp::NtpTime{99}, 78, 1, 1});
  ASSERT_TRUE(room.producer->source().stream(0).clock);
  EXPECT_EQ(room.producer->source().stream(0).clock->rtp_timestamp, 78u);
  EXPECT_EQ(room.producer->source().stream(0).clock->arrival, at_ms(5));
}

TEST(Producer, TellsItsSubscribersWhenItGoes) {
  Room room;
  Recorder recorder;
  room.router.subscribe(at_ms(0), room.producer->id(), recorder, room.sink);
  ASSERT_NE(recorder.source(), nullptr);
  room.producer.reset();
  EXPECT_TRUE(recorder.closed);
  EXPECT_EQ(recorder.source(), nullptr);
  EXPECT_EQ(room.router.source_count(), 0u);
}

TEST(Producer, IsRefusedWithItsReason) {
  Room room;
  const PublisherOptions options;
  ortc::RtpParameters parameters = publisher_parameters(options);
  const ortc::RtpMapping codecs = mapping(options);
  const auto create = [&](ProducerId id) {
    return Producer::create(at_ms(0), {id, options.kind, parameters, codecs}, room.router,
                            room.random);
  };
  const ProducerId fresh = ProducerId::random(room.random);
  EXPECT_EQ(create(room.producer->id()).error(), ProducerError::IdTaken);
  parameters.encodings.resize(kMaxStreams + 1);
  EXPECT_EQ(create(fresh).error(), ProducerError::TooManyStreams);
  parameters.encodings.clear();
  EXPECT_EQ(create(fresh).error(), ProducerError::TooManyStreams);
  parameters.encodings.resize(1);
  parameters.codecs = {codec("video/H266", 99)};
  EXPECT_EQ(create(fresh).error(), ProducerError::NoCodec);
}

TEST(Producer, WithoutASsrcNamesNoTimeForAKeyFrameRequestThatCannotLeave) {
  PublisherOptions options;
  options.signals_ssrcs = false;
  Room room(options);
  const auto consumer = room.make_consumer();
  EXPECT_EQ(room.producer->next_timeout(), std::nullopt);
  EXPECT_TRUE(room.rtcp(at_ms(0)).empty());
  room.producer->set_ssrc(0, Ssrc{1000}, false);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(1))), 1u);
}

}  // namespace
}  // namespace sfu::media

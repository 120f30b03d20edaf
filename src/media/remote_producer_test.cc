#include "media/remote_producer.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/link_for_test.h"
#include "media/link_subscriber.h"
#include "media/media_for_test.h"

// Both ends of a pipe, without the workers around them.

namespace sfu::media::test {
namespace {

constexpr PipeId kPipe{3, 7};

/// A room whose producer is viewed on another worker too.
class TwoWorkers {
 public:
  explicit TwoWorkers(const PublisherOptions& options = {}) : near(options), far_router(events) {}

  void open_near(Timestamp now = at_ms(0)) {
    near_end = std::make_unique<LinkSubscriber>(kPipe, forth);
    ASSERT_TRUE(near_end->subscribe(now, near.router, near.producer->id()));
  }
  void open_far(Timestamp now = at_ms(0)) {
    const ortc::RtpParameters parameters = publisher_parameters(near.options);
    const ortc::RtpMapping codecs = mapping(near.options);
    auto created = RemoteProducer::create(
        now, kPipe, {near.producer->id(), near.options.kind, parameters, codecs}, far_router, back,
        far_arena);
    ASSERT_TRUE(created.has_value());
    far_end = std::move(*created);
    far_end->tell_wishes(now);
  }
  void open(Timestamp now = at_ms(0)) {
    open_near(now);
    open_far(now);
    exchange(now);
  }

  std::unique_ptr<Consumer> view_far(Timestamp now, ConsumerType type = ConsumerType::Simple) {
    const ortc::RtpParameters parameters = viewer_parameters(near.options);
    auto created = Consumer::create(now,
                                    {ConsumerId::random(near.random), near.producer->id(),
                                     near.options.kind, type, parameters, false},
                                    near.random);
    EXPECT_TRUE(created.has_value());
    EXPECT_TRUE(far_router.subscribe(now, near.producer->id(), **created, far_sink));
    exchange(now);
    return std::move(*created);
  }

  /// Whatever either side has to say reaches the other.
  void exchange(Timestamp now) {
    do {
      carry_forth(now);
      far_end->tell_wishes(now);
      carry_back(now);
    } while (!forth.empty());
  }
  void carry_forth(Timestamp now) {
    forth.read([&](Bytes message) {
      const auto header = read_link_message<LinkHeader>(message);
      EXPECT_EQ(header.pipe, kPipe);
      if (!far_end) return;
      if (header.kind == LinkMessageKind::State) {
        far_end->handle_state(now, read_link_message<StateMessage>(message));
      } else {
        ++packets_carried;
        far_end->handle_packet(now, read_link_message<PacketMessage>(message),
                               message.subspan(sizeof(PacketMessage)));
      }
    });
  }
  void carry_back(Timestamp now) {
    back.read([&](Bytes message) {
      if (near_end) near_end->handle_wishes(now, read_link_message<WishesMessage>(message));
    });
  }

  void feed(Timestamp now, const PacketSpec& spec, std::size_t stream = 0) {
    near.feed(now, spec, stream);
    exchange(now);
  }
  std::vector<std::uint32_t> far_tags() {
    std::vector<std::uint32_t> tags;
    for (const Sent& sent : far_sink.take()) tags.push_back(sent.vp8_tag());
    return tags;
  }
  std::size_t plis(Timestamp now) { return count_plis(near.rtcp(now)); }

  Room near;
  LinkForTest forth, back;
  EventQueue events;
  PacketArena far_arena{1024};
  Router far_router;
  TestSink far_sink;
  std::unique_ptr<LinkSubscriber> near_end;
  std::unique_ptr<RemoteProducer> far_end;
  int packets_carried = 0;
};

/// The same with one viewer on the other worker.
struct FarViewer : TwoWorkers {
  FarViewer() {
    open();
    far = view_far(at_ms(1));
  }

  std::unique_ptr<Consumer> far;
};

/// One frame of one packet, which its tag tells.
PacketSpec frame(std::uint16_t sequence, bool key_frame = false, std::size_t stream = 0) {
  PacketSpec spec;
  spec.ssrc = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
  spec.sequence = sequence;
  spec.timestamp = 3000u * sequence;
  spec.marker = true;
  spec.payload = vp8_payload({.key_frame = key_frame, .picture_id = sequence, .tag = sequence});
  return spec;
}

TEST(RemoteProducer, IsSentEachPacketOnceWhateverTheNumberOfItsViewers) {
  TwoWorkers call;
  call.open();
  const auto one = call.view_far(at_ms(1)), other = call.view_far(at_ms(1));
  call.feed(at_ms(10), frame(1, true));
  call.feed(at_ms(20), frame(2));
  EXPECT_EQ(call.packets_carried, 2);
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(1, 1, 2, 2));
}

TEST(RemoteProducer, ShowsItsViewersWhatAViewerBesideThePublisherSees) {
  FarViewer call;
  const auto beside = call.near.make_consumer();
  for (std::uint16_t i = 1; i <= 50; ++i) call.feed(at_ms(i * 10), frame(i, i % 20 == 1));
  const auto seen_far = call.far_sink.take();
  const auto seen_beside = call.near.sink.take();
  ASSERT_EQ(seen_far.size(), 50u);
  ASSERT_EQ(seen_far.size(), seen_beside.size());
  for (std::size_t i = 0; i < seen_far.size(); ++i) {
    EXPECT_EQ(seen_far[i].vp8_tag(), seen_beside[i].vp8_tag());
    EXPECT_EQ(seen_far[i].view().marker(), seen_beside[i].view().marker());
    EXPECT_EQ(seen_far[i].index - seen_far[0].index, i);
    EXPECT_EQ(seen_far[i].view().timestamp() - seen_far[0].view().timestamp(), 3000 * i);
  }
}

TEST(RemoteProducer, KnowsOfEachPacketAllThatItsOwnWorkerKnows) {
  FarViewer call;
  call.feed(at_ms(10), frame(1, true));
  call.feed(at_ms(30), frame(3));
  call.near.feed_as_rtx(at_ms(40), frame(2), 9);
  call.exchange(at_ms(40));
  for (std::int64_t sequence = 1; sequence <= 3; ++sequence) {
    const ReceivedPacket* here = call.near.producer->source().stream(0).history.find(sequence);
    const ReceivedPacket* there = call.far_end->source().stream(0).history.find(sequence);
    ASSERT_TRUE(here && there) << sequence;
    EXPECT_TRUE(std::ranges::equal(here->view.datagram(), there->view.datagram()));
    EXPECT_EQ(here->mapped_payload_type, there->mapped_payload_type);
    EXPECT_EQ(here->repaired, there->repaired);
    EXPECT_EQ(here->late, there->late);
    EXPECT_EQ(here->is_empty, there->is_empty);
    EXPECT_EQ(here->info, there->info);
    ASSERT_EQ(here->vp8.has_value(), there->vp8.has_value());
    EXPECT_EQ(here->vp8->picture_id, there->vp8->picture_id);
    EXPECT_EQ(there->late, sequence == 2);
  }
}

TEST(RemoteProducer, AsksForAKeyFrameOnceForViewersOfBothWorkers) {
  TwoWorkers call;
  call.open();
  const auto far = call.view_far(at_ms(1)), farther = call.view_far(at_ms(1));
  const auto beside = call.near.make_consumer(ConsumerType::Simple, false, true, at_ms(1));
  EXPECT_EQ(call.plis(at_ms(2)), 1u);
  EXPECT_EQ(call.plis(at_ms(200)), 0u);
  EXPECT_EQ(call.plis(at_ms(302)), 1u) << "repeated while they wait";
  call.feed(at_ms(310), frame(1, true));
  EXPECT_EQ(call.plis(at_ms(2000)), 0u);
}

TEST(RemoteProducer, AsksForNoKeyFrameOnceItsLastViewerHasGone) {
  FarViewer call;
  EXPECT_EQ(call.plis(at_ms(2)), 1u);
  call.far.reset();
  call.exchange(at_ms(3));
  EXPECT_EQ(call.near.producer->source().stream(0).waiting, 0u);
  EXPECT_EQ(call.plis(at_ms(400)), 0u);
  EXPECT_EQ(call.plis(at_ms(2000)), 0u);
}

TEST(RemoteProducer, AnswersNacksFromAHistoryOfItsOwn) {
  FarViewer call;
  for (std::uint16_t i = 1; i <= 5; ++i) call.feed(at_ms(i * 10), frame(i, i == 1));
  const auto sent = call.far_sink.take();
  const std::uint16_t lost[] = {sent[2].sequence()};
  with_nack(lost,
            [&](const rtcp::Nack& nack) { call.far->handle_nack(at_ms(60), nack, call.far_sink); });
  const auto again = call.far_sink.take();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].is_rtx);
  EXPECT_TRUE(call.back.empty());
  EXPECT_TRUE(nacked(call.near.rtcp(at_ms(60))).empty());
}

TEST(RemoteProducer, LeavesRoomForWhatComesLate) {
  FarViewer call;
  call.feed(at_ms(10), frame(1, true));
  call.feed(at_ms(30), frame(3));
  call.near.feed_as_rtx(at_ms(60), frame(2), 1);
  call.exchange(at_ms(60));
  const auto sent = call.far_sink.take();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[2].vp8_tag(), 2u);
  EXPECT_EQ(sent[2].index, sent[0].index + 1);
  EXPECT_EQ(call.plis(at_ms(1000)), 0u);
}

TEST(RemoteProducer, IsPausedAndResumedWithItsPublisher) {
  TwoWorkers call;
  call.near.producer->set_paused(at_ms(0), true);
  call.open();
  EXPECT_TRUE(call.far_end->source().paused()) << "also where it was before";
  const auto far = call.view_far(at_ms(1));
  EXPECT_EQ(call.plis(at_ms(2)), 0u);
  call.near.producer->set_paused(at_ms(10), false);
  call.exchange(at_ms(10));
  EXPECT_FALSE(call.far_end->source().paused());
  EXPECT_EQ(call.plis(at_ms(11)), 1u);
  call.feed(at_ms(20), frame(1, true));
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(1));
  call.near.producer->set_paused(at_ms(30), true);
  call.exchange(at_ms(30));
  EXPECT_TRUE(call.far_end->source().paused());
}

TEST(RemoteProducer, HasThePublishersClocks) {
  TwoWorkers call({.streams = 2});
  call.open();
  rtcp::SenderInfo info{};
  info.ntp = {0x1234'5678'0000'0000};
  info.rtp_timestamp = 777;
  call.near.producer->handle_sender_report(at_ms(5), 1, info);
  call.feed(at_ms(10), frame(1, true, 1), 1);
  const auto& clock = call.far_end->source().stream(1).clock;
  ASSERT_TRUE(clock.has_value());
  EXPECT_EQ(clock->ntp.value, info.ntp.value);
  EXPECT_EQ(clock->rtp_timestamp, 777u);
  EXPECT_EQ(clock->arrival, at_ms(5));
  EXPECT_FALSE(call.far_end->source().stream(0).clock.has_value());
}

TEST(RemoteProducer, SwitchesSimulcastLayersForItsViewersAlone) {
  TwoWorkers call({.streams = 2});
  call.open();
  const auto far = call.view_far(at_ms(1), ConsumerType::Simulcast);
  const auto beside = call.near.make_consumer(ConsumerType::Simulcast);
  for (std::uint16_t i = 1; i <= 3; ++i) {
    call.feed(at_ms(i * 10), frame(i, i == 1, 0), 0);
    call.feed(at_ms(i * 10), frame(static_cast<std::uint16_t>(100 + i), i == 1, 1), 1);
  }
  EXPECT_EQ(call.far_tags().back(), 103u);
  far->set_preferred_layers(at_ms(600), 0, std::nullopt);
  call.exchange(at_ms(600));
  EXPECT_EQ(call.plis(at_ms(1100)), 1u) << "of the lower stream";
  call.near.sink.take();
  call.feed(at_ms(1150), frame(4, true, 0), 0);
  call.feed(at_ms(1160), frame(104, false, 1), 1);
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(4));
  ASSERT_EQ(call.near.sink.take().size(), 1u);
}

TEST(RemoteProducer, WantsAKeyFrameWhereTheLinkWasFullAndGoesOnFromIt) {
  FarViewer call;
  EXPECT_EQ(call.plis(at_ms(2)), 1u);
  call.feed(at_ms(10), frame(1, true));
  call.feed(at_ms(20), frame(2));
  const std::size_t capacity = std::exchange(call.forth.capacity, 0);
  call.feed(at_ms(600), frame(3));
  call.feed(at_ms(610), frame(4));
  EXPECT_EQ(call.near_end->counters().dropped, 2u);
  EXPECT_EQ(call.plis(at_ms(620)), 0u) << "the far end does not know yet";
  call.forth.capacity = capacity;
  call.feed(at_ms(630), frame(5));
  EXPECT_TRUE(call.far_end->source().stream(0).has_lasting_gap);
  EXPECT_EQ(call.plis(at_ms(640)), 1u);
  EXPECT_TRUE(nacked(call.near.rtcp(at_ms(650))).empty());
  call.feed(at_ms(660), frame(6, true));
  EXPECT_FALSE(call.far_end->source().stream(0).has_lasting_gap);
  EXPECT_EQ(call.plis(at_ms(3000)), 0u);
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(1, 2, 5, 6));
}

TEST(RemoteProducer, WantsNoKeyFrameWhereTheGapEndsWithOne) {
  FarViewer call;
  call.plis(at_ms(2));
  call.feed(at_ms(10), frame(1, true));
  const std::size_t capacity = std::exchange(call.forth.capacity, 0);
  call.feed(at_ms(600), frame(2));
  call.forth.capacity = capacity;
  call.feed(at_ms(610), frame(3, true));
  EXPECT_FALSE(call.far_end->source().stream(0).has_lasting_gap);
  EXPECT_EQ(call.plis(at_ms(3000)), 0u);
}

TEST(RemoteProducer, HearsOfAPauseBeforeAnyLaterPacketAlsoThroughAFullLink) {
  FarViewer call;
  call.feed(at_ms(10), frame(1, true));
  const std::size_t capacity = std::exchange(call.forth.capacity, 0);
  call.near.producer->set_paused(at_ms(20), true);
  call.near.producer->set_paused(at_ms(30), false);
  call.feed(at_ms(40), frame(2, true));
  call.forth.capacity = capacity;
  call.feed(at_ms(50), frame(3, true));
  EXPECT_FALSE(call.far_end->source().paused());
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(1, 3));
}

TEST(RemoteProducer, HearsOfAPauseThatFoundTheLinkFullOnceItSaysSomethingItself) {
  FarViewer call;
  call.feed(at_ms(10), frame(1, true));
  const std::size_t capacity = std::exchange(call.forth.capacity, 0);
  call.near.producer->set_paused(at_ms(20), true);
  call.forth.capacity = capacity;
  call.exchange(at_ms(30));
  EXPECT_FALSE(call.far_end->source().paused());
  const auto late = call.view_far(at_ms(40));
  EXPECT_TRUE(call.far_end->source().paused());
}

TEST(RemoteProducer, RepeatsWishesThatFoundTheLinkFull) {
  TwoWorkers call;
  call.open();
  const std::size_t capacity = std::exchange(call.back.capacity, 0);
  const auto far = call.view_far(at_ms(1));
  EXPECT_EQ(call.plis(at_ms(2)), 0u);
  call.back.capacity = capacity;
  EXPECT_LE(call.far_end->next_timeout(), at_ms(600));
  call.far_end->handle_timeout(call.far_end->next_timeout());
  call.exchange(at_ms(600));
  EXPECT_EQ(call.plis(at_ms(601)), 1u);
}

TEST(RemoteProducer, LearnsTheStateWhicheverEndIsOpenedFirst) {
  for (const bool near_first : {true, false}) {
    SCOPED_TRACE(near_first);
    TwoWorkers call;
    call.near.producer->set_paused(at_ms(0), true);
    if (near_first) {
      call.open_near();
      call.carry_forth(at_ms(0));  // To nobody.
      call.open_far();
    } else {
      call.open_far();
      call.carry_back(at_ms(0));
      call.open_near();
    }
    call.exchange(at_ms(1));
    EXPECT_TRUE(call.far_end->source().paused());
  }
}

TEST(RemoteProducer, LeavesNoWishesBehindWhereEitherEndGoes) {
  TwoWorkers call({.streams = 2});
  call.open();
  const auto far = call.view_far(at_ms(1), ConsumerType::Simulcast);
  call.feed(at_ms(10), frame(1, true, 0), 0);
  call.feed(at_ms(20), frame(100, false, 1), 1);
  Source& source = call.near.producer->source();
  EXPECT_EQ(source.stream(0).viewers, 1u);
  EXPECT_EQ(source.stream(1).waiting, 1u);
  call.near_end.reset();
  EXPECT_EQ(source.stream(0).viewers, 0u);
  EXPECT_EQ(source.stream(1).waiting, 0u);
  EXPECT_EQ(source.subscriber_count(), 0u);
  call.far_end.reset();
  EXPECT_EQ(far->source(), nullptr);
}

TEST(RemoteProducer, LetsGoOfItsHistoryWhenThePublisherFallsSilent) {
  FarViewer call;
  for (std::uint16_t i = 1; i <= 20; ++i) call.feed(at_ms(i * 10), frame(i, i == 1));
  call.far_sink.take();
  EXPECT_GE(call.far_arena.in_use(), 20u);
  for (Timestamp now = at_ms(300); now < at_ms(5000); now = call.far_end->next_timeout())
    call.far_end->handle_timeout(now);
  EXPECT_LE(call.far_arena.in_use(), 1u);
}

TEST(RemoteProducer, TakesAnExhaustedArenaForALossAndComesBack) {
  FarViewer call;
  call.plis(at_ms(2));
  call.feed(at_ms(10), frame(1, true));
  std::vector<PacketBuffer> taken;
  while (PacketBuffer buffer = call.far_arena.allocate()) taken.push_back(std::move(buffer));
  call.feed(at_ms(600), frame(2));
  EXPECT_EQ(call.far_end->buffers_missing(), 1u);
  EXPECT_EQ(call.plis(at_ms(610)), 1u);
  taken.clear();
  call.feed(at_ms(620), frame(3, true));
  EXPECT_THAT(call.far_tags(), testing::ElementsAre(1, 3));
}

}  // namespace
}  // namespace sfu::media::test

#include <gtest/gtest.h>

#include "media/consumer.h"
#include "media/frames_for_test.h"
#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

TEST(ConsumerRetransmission, AnswersANackFromHistoryAsRtxUnderNumbersOfItsOwn) {
  Room room;
  const auto consumer = room.make_consumer();
  for (std::uint16_t n = 1; n <= 5; ++n) room.feed(at_ms(n), frame(n, n == 1));
  const auto sent = room.sink.take();
  nack(*consumer, at_ms(50), {sent[1].sequence(), sent[3].sequence()}, room.sink);
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 2u);
  EXPECT_EQ(repaired[1].index, repaired[0].index + 1);
  for (std::size_t i = 0; i < 2; ++i) {
    const Sent& original = sent[2 * i + 1];
    EXPECT_TRUE(repaired[i].is_rtx);
    EXPECT_EQ(repaired[i].ssrc, kViewerRtxSsrc);
    const auto view = repaired[i].view();
    EXPECT_EQ(view.payload_type(), kRouterVp8Rtx);
    EXPECT_EQ(view.timestamp(), original.view().timestamp());
    EXPECT_EQ(load_be16(view.payload(), 0), original.sequence());
    EXPECT_TRUE(std::ranges::equal(view.payload().subspan(2), original.view().payload()));
    EXPECT_NE(repaired[i].patch.transport_cc, 0);
  }
  EXPECT_EQ(consumer->stats(at_ms(60)).stream.packets_retransmitted, 2u);
  EXPECT_EQ(consumer->stats(at_ms(60)).stream.nack_packet_count, 2u);
}

TEST(ConsumerRetransmission, RetransmitsRewrittenDescriptorsAsTheyLeftAtFirst) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  consumer->pause(at_ms(1));
  consumer->resume(at_ms(2));
  room.feed(at_ms(1000), frame(30, true));  // Picture ids are shifted from here.
  const auto sent = room.sink.take();
  nack(*consumer, at_ms(1050), {sent[1].sequence()}, room.sink);
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_TRUE(
      std::ranges::equal(repaired[0].view().payload().subspan(2), sent[1].view().payload()));
}

TEST(ConsumerRetransmission, RepeatsUnderTheSameIndexWhereNoRtxIsNegotiatedAndSaysSo) {
  Room room;
  const auto consumer = room.make_consumer(ConsumerType::Simple, false, false);
  room.feed(at_ms(0), frame(1, true));
  const auto sent = room.sink.take();
  nack(*consumer, at_ms(50), {sent[0].sequence()}, room.sink);
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_TRUE(repaired[0].is_repetition);
  EXPECT_FALSE(repaired[0].is_rtx);
  EXPECT_EQ(repaired[0].index, sent[0].index);
  EXPECT_FALSE(sent[0].is_repetition);
}

TEST(ConsumerRetransmission, RetransmitsOnePacketOnceARoundTripAtMost) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  const std::uint16_t lost = room.sink.take().at(0).sequence();
  nack(*consumer, at_ms(50), {lost, lost}, room.sink);
  nack(*consumer, at_ms(69), {lost}, room.sink);
  EXPECT_EQ(room.sink.take().size(), 1u);
  nack(*consumer, at_ms(70), {lost}, room.sink);
  EXPECT_EQ(room.sink.take().size(), 1u);
}

TEST(ConsumerRetransmission, DoesNotRetransmitWhatIsTwoSecondsOldOrWasNeverSent) {
  Room room;
  const auto consumer = room.make_consumer();
  room.feed(at_ms(0), frame(1, true));
  const std::uint16_t number = room.sink.take().at(0).sequence();
  nack(*consumer, at_ms(2001), {number}, room.sink);
  nack(*consumer, at_ms(100), {static_cast<std::uint16_t>(number + 1)}, room.sink);
  nack(*consumer, at_ms(100), {static_cast<std::uint16_t>(number - 1)}, room.sink);
  consumer->pause(at_ms(150));
  nack(*consumer, at_ms(200), {number}, room.sink);
  EXPECT_TRUE(room.sink.take().empty());
}

TEST(ConsumerRetransmission, RetransmitsNoMoreThanItsReserveAndHalfOfWhatItForwards) {
  Room room;
  const auto consumer = room.make_consumer();
  std::vector<std::uint16_t> numbers;
  std::int64_t forwarded = 0;
  for (std::uint16_t n = 1; n <= 200; ++n) {
    PacketSpec spec = frame(n, n == 1);
    spec.payload.resize(1200);
    room.feed(at_ms(n), spec);
  }
  for (const Sent& packet : room.sink.take()) {
    numbers.push_back(packet.sequence());
    forwarded += static_cast<std::int64_t>(packet.bytes.size());
  }
  std::int64_t repaired = 0;
  for (std::int64_t ms = 250; ms < 1950; ms += 30) {
    nack(*consumer, at_ms(ms), numbers, room.sink);
    for (const Sent& packet : room.sink.take())
      repaired += static_cast<std::int64_t>(packet.bytes.size());
  }
  EXPECT_GT(repaired, RetransmissionBudget::kReserve / 2);
  EXPECT_LE(repaired, RetransmissionBudget::kReserve * 11 / 10 + forwarded / 2);
}

}  // namespace
}  // namespace sfu::media

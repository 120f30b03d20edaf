#include "transport/send_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "rtp/packet_view.h"
#include "srtp/inbound_session.h"

namespace sfu::transport {
namespace {

constexpr Timestamp kNow{std::chrono::seconds(1000)};
constexpr Ssrc kVideo{0x1234};

srtp::KeyMaterial keys(srtp::Profile profile) {
  const std::vector<std::uint8_t> key(srtp::parameters(profile).key_size, 7);
  const std::vector<std::uint8_t> salt(srtp::parameters(profile).salt_size, 9);
  return {profile, key, salt};
}

Path path(std::uint16_t port) {
  return {{IpAddress::v4(0x0a000001), 40000}, {IpAddress::v4(0x0a000002), port}};
}

/// One receiver: its queue, its keys, and what a client makes of what leaves.
struct Receiver {
  Receiver(SendBatch& batch, std::uint16_t number, srtp::Profile profile)
      : queue(batch, number),
        outbound(keys(profile), batch.ciphers()),
        inbound(keys(profile), batch.ciphers()),
        where(path(number)) {}

  void queue_packet(std::uint16_t sequence_number, PacketBuffer payload) {
    media::OutgoingPacket* packet = queue.emplace();
    ASSERT_NE(packet, nullptr);
    const MutableBytes head(packet->head);
    std::memset(head.data(), 0, 12);
    head[0] = 0x80;
    head[1] = 96;
    store_be16(head, 2, sequence_number);
    store_be32(head, 8, kVideo.value);
    packet->header_size = 12;
    packet->ssrc = kVideo;
    packet->is_video = true;
    packet->payload = payload.bytes();
    packet->keeps_payload = std::move(payload);
  }
  void flush(FlushWriter& writer) { queue.flush(kNow, where, outbound, sent, writer); }

  SendQueue queue;
  srtp::OutboundSession outbound;
  srtp::InboundSession inbound;
  bwe::SentPackets sent;
  Path where;
};

class SendQueueFlush : public testing::TestWithParam<srtp::Profile> {
 protected:
  PacketBuffer payload(std::size_t size, std::uint8_t fill) {
    PacketBuffer buffer = arena_.allocate();
    buffer.set_size(size);
    std::ranges::fill(buffer.mutable_bytes(), fill);
    return buffer;
  }

  PacketArena arena_;
  SendBatch batch_;
  FlushWriter writer_;
  CollectingSink sink_;
};

TEST_P(SendQueueFlush, PutsAFrameIntoOneGroupOfEqualSizesThatAClientReadsAsItWas) {
  Receiver receiver(batch_, 1, GetParam());
  const std::size_t sizes[] = {1001, 1000, 1001, 600};
  for (std::uint16_t i = 0; i < 4; ++i)
    receiver.queue_packet(i, payload(sizes[i], static_cast<std::uint8_t>(i)));
  writer_.begin(sink_);
  receiver.flush(writer_);
  writer_.finish();
  EXPECT_EQ(sink_.groups().size(), 1u);
  auto sent = sink_.take_sent();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].second.size(), sent[1].second.size());
  for (std::uint16_t i = 0; i < 4; ++i) {
    const auto plain = receiver.inbound.unprotect_rtp(sent[i].second);
    ASSERT_TRUE(plain.has_value());
    const auto view = rtp::PacketView::parse(*plain);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->sequence_number(), i);
    EXPECT_EQ(view->padding_size(), i == 1 ? 1u : 0u);
    EXPECT_EQ(view->payload().size(), sizes[i]);
    EXPECT_EQ(view->payload().front(), i);
  }
  EXPECT_EQ(receiver.queue.counters().padding_bytes, 1u);
  EXPECT_EQ(writer_.counters().padding_bytes, 1u);
  EXPECT_EQ(writer_.counters().media_packets, 4u);
}

TEST_P(SendQueueFlush, EncryptsAllBeforeTheSinkSendsHoweverOftenTheRoomEnds) {
  constexpr std::uint16_t kReceivers = 20;
  constexpr std::uint16_t kPackets = 30;  // All together far more than the sink has room for.
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (std::uint16_t r = 0; r < kReceivers; ++r) {
    receivers.push_back(std::make_unique<Receiver>(batch_, r, GetParam()));
    for (std::uint16_t i = 0; i < kPackets; ++i)
      receivers[r]->queue_packet(i, payload(1000, static_cast<std::uint8_t>(r + i)));
  }
  writer_.begin(sink_);
  for (const auto& receiver : receivers) receiver->flush(writer_);
  writer_.finish();
  auto sent = sink_.take_sent();
  ASSERT_EQ(sent.size(), std::size_t{kReceivers} * kPackets);
  for (std::size_t n = 0; n < sent.size(); ++n) {
    auto& [where, datagram] = sent[n];
    EXPECT_EQ(where, path(static_cast<std::uint16_t>(n / kPackets)));
    const auto plain = receivers[n / kPackets]->inbound.unprotect_rtp(datagram);
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->back(), static_cast<std::uint8_t>(n / kPackets + n % kPackets));
  }
}

TEST_P(SendQueueFlush, KeepsNoPayloadAfterwards) {
  Receiver receiver(batch_, 1, GetParam());
  for (std::uint16_t i = 0; i < 5; ++i) receiver.queue_packet(i, payload(100, 0));
  receiver.queue_packet(0, payload(100, 0));  // SRTP refuses to send a number again.
  writer_.begin(sink_);
  receiver.flush(writer_);
  writer_.finish();
  EXPECT_EQ(arena_.in_use(), 0u);
  EXPECT_EQ(batch_.media_packets_in_use(), 0u);
  EXPECT_EQ(receiver.queue.counters().dropped, 1u);
}

INSTANTIATE_TEST_SUITE_P(Profiles, SendQueueFlush,
                         testing::Values(srtp::Profile::AeadAes128Gcm,
                                         srtp::Profile::Aes128CmHmacSha1_80),
                         [](const auto& row) { return row.index == 0 ? "Gcm" : "AesCm"; });

TEST(FlushWriter, GroupsNeighboursOfOnePathAndSize) {
  CollectingSink sink;
  FlushWriter writer;
  writer.begin(sink);
  const auto add = [&](std::uint16_t port, std::size_t size) {
    writer.reserve(size);
    writer.add(path(port), size);
  };
  for (const std::size_t size : {100u, 100u, 40u, 40u}) add(1, size);
  for (const std::size_t size : {40u, 50u}) add(2, size);
  writer.finish();
  ASSERT_EQ(sink.groups().size(), 4u);
  const std::size_t sizes[] = {240, 40, 40, 50};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(sink.groups()[i].size, sizes[i]);
}

TEST(FlushWriter, SendsNothingBetweenTheDatagramsThatRoomWasAskedForTogether) {
  CollectingSink sink;
  FlushWriter writer;
  writer.begin(sink);
  writer.reserve(1000);
  writer.add(path(1), DatagramSink::kMinRoom - 1000);
  writer.reserve(2000);
  for (int i = 0; i < 2; ++i) writer.add(path(2), 1000);
  writer.finish();
  ASSERT_EQ(sink.groups().size(), 1u);
  EXPECT_EQ(sink.groups()[0].size, 2000u);
  EXPECT_EQ(sink.take_sent().size(), 3u);
}

}  // namespace
}  // namespace sfu::transport

#include "transport/send_batch.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "transport/send_queue.h"

namespace sfu::transport {
namespace {

Path path(std::uint16_t port) {
  return {{IpAddress::v4(0x0a000001), 40000}, {IpAddress::v4(0x0a000002), port}};
}

CollectingSink::Sent flush_control(SendBatch& batch) {
  CollectingSink sink;
  FlushWriter writer;
  writer.begin(sink);
  batch.flush_control(writer);
  writer.finish();
  return sink.take_sent();
}

TEST(SendBatch, SendsControlDatagramsOnceInTheirOrder) {
  SendBatch batch;
  const std::vector<std::uint8_t> one = {1, 2, 3};
  const std::vector<std::uint8_t> two = {4};
  batch.add_control(path(1), one);
  batch.add_control(path(2), two);
  const auto sent = flush_control(batch);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0], std::pair(path(1), one));
  EXPECT_EQ(sent[1], std::pair(path(2), two));
  EXPECT_TRUE(flush_control(batch).empty());
}

TEST(SendBatch, DropsControlBeyondItsBound) {
  SendBatch batch;
  const std::vector<std::uint8_t> large(32 * 1024);
  constexpr std::size_t kFitting = SendBatch::kMaxControlBytes / (32 * 1024);
  for (std::size_t i = 0; i < kFitting + 5; ++i) batch.add_control(path(1), large);
  EXPECT_EQ(flush_control(batch).size(), kFitting);
}

TEST(SendBatch, GivesEachPlaceToOneAtATimeAndNoMoreThanItsBound) {
  SendBatch batch;
  std::set<media::OutgoingPacket*> places;
  while (media::OutgoingPacket* place = batch.allocate()) ASSERT_TRUE(places.insert(place).second);
  EXPECT_EQ(places.size(), SendBatch::kMaxMediaPackets);
  EXPECT_EQ(batch.media_packets_in_use(), places.size());
  for (media::OutgoingPacket* place : places) batch.release(place);
  EXPECT_EQ(batch.media_packets_in_use(), 0u);
  EXPECT_NE(batch.allocate(), nullptr);
}

TEST(SendQueue, MarksItsTransportOnceForAllThatItQueues) {
  SendBatch batch;
  SendQueue queue(batch, 7);
  for (int i = 0; i < 3; ++i) ASSERT_NE(queue.emplace(), nullptr);
  std::vector<SendBatch::Slot> marked;
  batch.take_marked(marked);
  EXPECT_EQ(marked, std::vector<SendBatch::Slot>{7});
  batch.take_marked(marked);
  EXPECT_TRUE(marked.empty());
}

TEST(SendQueue, DropsAndCountsWhatItCannotHold) {
  SendBatch batch;
  SendQueue queue(batch, 0);
  for (std::size_t i = 0; i < SendQueue::kMaxPackets; ++i) ASSERT_NE(queue.emplace(), nullptr);
  EXPECT_EQ(queue.emplace(), nullptr);
  EXPECT_EQ(queue.counters().dropped, 1u);
}

TEST(SendQueue, GivesBackItsPlacesHoweverItEnds) {
  SendBatch batch;
  {
    SendQueue queue(batch, 0);
    ASSERT_NE(queue.emplace(), nullptr);
    queue.cancel();
    EXPECT_EQ(batch.media_packets_in_use(), 0u);
    ASSERT_NE(queue.emplace(), nullptr);
    ASSERT_NE(queue.emplace(), nullptr);
    queue.discard();
    EXPECT_EQ(batch.media_packets_in_use(), 0u);
    EXPECT_EQ(queue.counters().dropped, 2u);
    ASSERT_NE(queue.emplace(), nullptr);
  }
  EXPECT_EQ(batch.media_packets_in_use(), 0u);
}

}  // namespace
}  // namespace sfu::transport

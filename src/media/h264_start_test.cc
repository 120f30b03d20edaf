#include <gtest/gtest.h>

#include "media/consumer.h"
#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

constexpr std::uint8_t kSps = 0x67, kPps = 0x68, kIdr = 0x65, kSlice = 0x41;

class H264 : public testing::Test {
 protected:
  H264() : room(options()), consumer(room.make_consumer()) {}
  static PublisherOptions options() {
    PublisherOptions made;
    made.mime_type = "video/H264";
    return made;
  }
  /// One NAL unit a packet, three packets a key frame.
  static PacketSpec nal(std::uint16_t n, std::uint8_t header, std::uint32_t frame) {
    PacketSpec spec;
    spec.sequence = n;
    spec.timestamp = 3000 * frame;
    spec.marker = header == kIdr || header == kSlice;
    spec.payload = {header, 0x88, static_cast<std::uint8_t>(n), 0x42};
    return spec;
  }
  std::vector<int> forwarded() {
    std::vector<int> numbers;
    for (const Sent& packet : room.sink.take()) numbers.push_back(packet.view().payload()[2]);
    return numbers;
  }

  Room room;
  std::unique_ptr<Consumer> consumer;
};

TEST_F(H264, BeginsWithTheParameterSetsAndCountsOneKeyFrame) {
  room.feed(at_ms(0), nal(1, kSlice, 1));
  room.feed(at_ms(1), nal(2, kSps, 2));
  room.feed(at_ms(1), nal(3, kPps, 2));
  room.feed(at_ms(1), nal(4, kIdr, 2));
  room.feed(at_ms(2), nal(5, kSlice, 3));
  EXPECT_EQ(forwarded(), (std::vector<int>{2, 3, 4, 5}));
  EXPECT_EQ(room.producer->stats(at_ms(3)).streams.at(0).key_frames, 1u);
}

TEST_F(H264, WaitsForParameterSetsThatWereLostBeforeTheirPicture) {
  room.feed(at_ms(0), nal(1, kSlice, 1));
  room.feed(at_ms(1), nal(4, kIdr, 2));
  room.feed(at_ms(2), nal(5, kSlice, 3));
  EXPECT_TRUE(forwarded().empty());
  room.feed_as_rtx(at_ms(60), nal(2, kSps, 2), 1);
  EXPECT_EQ(forwarded(), (std::vector<int>{2, 4, 5}));
  room.feed_as_rtx(at_ms(61), nal(3, kPps, 2), 2);
  EXPECT_EQ(forwarded(), (std::vector<int>{3}));
}

TEST_F(H264, BeginsWithAPictureThatNeverHadParameterSets) {
  room.feed(at_ms(0), nal(1, kSlice, 1));
  room.feed(at_ms(1), nal(2, kIdr, 2));
  EXPECT_EQ(forwarded(), (std::vector<int>{2}));
}

}  // namespace
}  // namespace sfu::media

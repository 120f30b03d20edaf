#include "ice/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sfu::ice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Octets = std::vector<std::uint8_t>;

void append_frame(Octets& stream, const Octets& payload) {
  stream.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
  stream.push_back(static_cast<std::uint8_t>(payload.size()));
  stream.insert(stream.end(), payload.begin(), payload.end());
}

class FrameReaderTest : public testing::Test {
 protected:
  /// All that comes of `stream` in reads of `step` bytes.
  std::vector<Octets> read(const Octets& stream, std::size_t step = 100'000) {
    std::vector<Octets> frames;
    for (Bytes rest = stream; !rest.empty();) {
      Bytes part = rest.first(std::min(step, rest.size()));
      rest = rest.subspan(part.size());
      while (const auto frame = reader_.read(part, arena_))
        frames.emplace_back(frame->bytes().begin(), frame->bytes().end());
      EXPECT_TRUE(part.empty());
    }
    return frames;
  }

  PacketArena arena_{128};
  FrameReader reader_;
};

TEST_F(FrameReaderTest, FindsTheSameDatagramsHoweverTheStreamIsCut) {
  Octets stream;
  append_frame(stream, {1});
  append_frame(stream, Octets(300, 7));
  append_frame(stream, {2, 3});
  for (const std::size_t step : {1u, 2u, 3u, 7u, 301u, 1000u})
    EXPECT_THAT(read(stream, step), ElementsAre(Octets{1}, Octets(300, 7), Octets{2, 3})) << step;
}

TEST_F(FrameReaderTest, GivesADatagramWithItsLastByteAndNotBefore) {
  EXPECT_THAT(read({0, 3, 10, 11}), IsEmpty());
  EXPECT_THAT(read({12}), ElementsAre(Octets{10, 11, 12}));
}

TEST_F(FrameReaderTest, PassesOverEmptyFrames) {
  EXPECT_THAT(read({0, 0, 0, 0, 0, 1, 9, 0, 0}), ElementsAre(Octets{9}));
  EXPECT_EQ(reader_.counters().empty, 3u);
}

TEST_F(FrameReaderTest, TakesWhatJustFitsAPacketBufferAndSkipsOneByteMore) {
  Octets stream;
  append_frame(stream, Octets(PacketBuffer::kCapacity, 1));
  append_frame(stream, Octets(PacketBuffer::kCapacity + 1, 2));
  append_frame(stream, Octets(kMaxFrameSize, 3));
  append_frame(stream, {4});
  EXPECT_THAT(read(stream, 999), ElementsAre(Octets(PacketBuffer::kCapacity, 1), Octets{4}));
  EXPECT_EQ(reader_.counters().oversized, 2u);
  EXPECT_EQ(reader_.counters().frames, 2u);
}

TEST_F(FrameReaderTest, SkipsADatagramThatTheArenaHasNoBufferFor) {
  std::vector<PacketBuffer> taken;
  while (auto buffer = arena_.allocate()) taken.push_back(std::move(buffer));
  EXPECT_THAT(read({0, 2, 1, 1}), IsEmpty());
  taken.clear();
  EXPECT_THAT(read({0, 2, 5, 6}), ElementsAre(Octets{5, 6}));
  EXPECT_EQ(reader_.counters().no_buffer, 1u);
}

TEST_F(FrameReaderTest, HoldsOneBufferAtMost) {
  read({0, 200, 1, 2, 3});
  EXPECT_EQ(arena_.in_use(), 1u);
  read(Octets(197, 0));
  EXPECT_EQ(arena_.in_use(), 0u);
}

}  // namespace
}  // namespace sfu::ice

#include "transport/arrangement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "srtp/profile.h"

namespace sfu::transport {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Ssrc kVideo{1};
constexpr Ssrc kOtherVideo{2};
constexpr Ssrc kVoice{3};

class ArrangementTest : public testing::Test {
 protected:
  void queue(Ssrc ssrc, std::size_t size, bool is_video = true) {
    auto packet = std::make_unique<media::OutgoingPacket>();
    packet->ssrc = ssrc;
    packet->is_video = is_video;
    packet->header_size = 12;
    packet->payload = Bytes(bytes_).first(size - 12);
    packets_.push_back(packet.get());
    owned_.push_back(std::move(packet));
  }
  void queue_voice(std::size_t size, Ssrc ssrc = kVoice) { queue(ssrc, size, false); }

  /// Sizes with padding.
  std::vector<std::size_t> sizes() {
    arrange(packets_, placed_);
    std::vector<std::size_t> result;
    for (const PlacedPacket& placed : placed_)
      result.push_back(placed.packet->size() + placed.padding);
    return result;
  }
  std::vector<std::uint32_t> streams() {
    arrange(packets_, placed_);
    std::vector<std::uint32_t> result;
    for (const PlacedPacket& placed : placed_) result.push_back(placed.packet->ssrc.value);
    return result;
  }

  const std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(1500);
  std::vector<std::unique_ptr<media::OutgoingPacket>> owned_;
  std::vector<media::OutgoingPacket*> packets_;
  std::vector<PlacedPacket> placed_;
};

TEST_F(ArrangementTest, OfNothingIsNothing) { EXPECT_THAT(sizes(), IsEmpty()); }

TEST_F(ArrangementTest, PadsTheBytesByWhichTheSizesOfAFrameDiffer) {
  for (const std::size_t size : {1101u, 1100u, 1101u, 1100u}) queue(kVideo, size);
  EXPECT_THAT(sizes(), ElementsAre(1101, 1101, 1101, 1100));
}

TEST_F(ArrangementTest, PadsWhatComesBeforeALongerPacket) {
  for (const std::size_t size : {1100u, 1100u, 1102u}) queue(kVideo, size);
  EXPECT_THAT(sizes(), ElementsAre(1102, 1102, 1102));
}

TEST_F(ArrangementTest, LeavesTheLastPacketOfACallAsShortAsItIs) {
  for (const std::size_t size : {1100u, 1099u, 400u, 1100u, 1100u}) queue(kVideo, size);
  EXPECT_THAT(sizes(), ElementsAre(1100, 1100, 400, 1100, 1100));
}

TEST_F(ArrangementTest, PadsNothingThatWouldStillLeaveAlone) {
  for (const std::size_t size : {600u, 700u, 800u, 900u}) queue(kVideo, size);
  EXPECT_THAT(sizes(), ElementsAre(600, 700, 800, 900));
}

TEST_F(ArrangementTest, PadsNoPacketBeyondTheBoundOfItsKind) {
  std::size_t size = 1100;
  for (int i = 0; i < 20; ++i, ++size) queue(kVideo, size);
  for (size = 100; size < 300; size += 7) queue_voice(size);
  arrange(packets_, placed_);
  for (const PlacedPacket& placed : placed_)
    EXPECT_LE(placed.padding, placed.packet->is_video ? kMaxVideoPadding : kMaxAudioPadding);
}

TEST_F(ArrangementTest, BringsVoicesToOneSize) {
  queue_voice(120, Ssrc{10});
  queue_voice(140, Ssrc{11});
  queue_voice(130, Ssrc{12});
  EXPECT_THAT(sizes(), ElementsAre(140, 140, 120));
}

TEST_F(ArrangementTest, TakesStreamsThatCameInTurnsApart) {
  for (int i = 0; i < 3; ++i) {
    queue(kVideo, 1000);
    queue(kOtherVideo, 1100);
  }
  EXPECT_THAT(streams(), ElementsAre(2, 2, 2, 1, 1, 1));
}

TEST_F(ArrangementTest, PutsAShortVoiceAtTheEndOfAVideosCall) {
  queue_voice(120);
  queue(kVideo, 1100);
  queue(kVideo, 1100);
  EXPECT_THAT(sizes(), ElementsAre(1100, 1100, 120));
}

TEST_F(ArrangementTest, SendsNoRetransmissionBeforeThePacketThatItMayRepeat) {
  queue(kOtherVideo, 1202);
  packets_[0]->is_rtx = true;
  queue(kVideo, 1200);
  queue(kVideo, 1200);
  EXPECT_THAT(streams(), ElementsAre(1, 1, 2));
}

TEST_F(ArrangementTest, KeepsTheOrderOfEachStreamAlsoOfMoreThanItTellsApart) {
  for (std::uint32_t i = 0; i < 200; ++i) queue(Ssrc{i * 7 % 40}, 100 + i * 37 % 900, i % 3 != 0);
  for (std::size_t i = 0; i < packets_.size(); ++i) packets_[i]->index = i;
  arrange(packets_, placed_);
  ASSERT_EQ(placed_.size(), packets_.size());
  std::vector<std::uint64_t> newest(40, 0);
  for (const PlacedPacket& placed : placed_) {
    std::uint64_t& last = newest[placed.packet->ssrc.value];
    EXPECT_GE(placed.packet->index, last);
    last = placed.packet->index;
  }
}

TEST_F(ArrangementTest, PadsNoPacketWithoutPayloadNorOneThatRepeats) {
  queue(kVideo, 1100);
  queue(kVideo, 1101);
  packets_[0]->is_repetition = true;
  EXPECT_THAT(sizes(), ElementsAre(1100, 1101));
  packets_[0]->is_repetition = false;
  EXPECT_THAT(sizes(), ElementsAre(1101, 1101));
  packets_[0]->payload = {};
  packets_[1]->payload = packets_[1]->payload.first(1);
  EXPECT_THAT(sizes(), ElementsAre(12, 13));
}

}  // namespace
}  // namespace sfu::transport

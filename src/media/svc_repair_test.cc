#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "media/frames_for_test.h"
#include "media/svc_for_test.h"
#include "rtp/rtx.h"

// A decoder of spatial layers waits for the packet that bears the marker: it knows by nothing else
// that a picture has no more of them.

namespace sfu::media {
namespace {

using namespace test;

class Vp9SvcRepair : public Vp9Svc {
 protected:
  /// All that has left so far, in the order of its numbers, without what only fills a number.
  std::map<std::uint64_t, Got> received() {
    for (const Sent& packet : room.sink.take())
      if (!packet.view().payload().empty())
        note(packet.view().payload(), packet.view().marker(), packet.index);
    return all;
  }
  /// A fifth of what has left is lost on its way, and comes with its repetition.
  void lose_some_and_ask(std::int64_t ms, TestRandom& random) {
    std::vector<std::uint16_t> lost;
    std::map<std::uint16_t, std::uint64_t> index_of;
    for (const Sent& packet : room.sink.take()) {
      if (packet.view().payload().empty()) continue;
      if (!random.chance(20)) {
        note(packet.view().payload(), packet.view().marker(), packet.index);
        continue;
      }
      lost.push_back(packet.sequence());
      index_of[packet.sequence()] = packet.index;
    }
    if (lost.empty()) return;
    nack(*consumer, at_ms(ms), lost, room.sink);
    for (const Sent& packet : room.sink.take()) {
      const Bytes payload = packet.view().payload();
      note(payload.subspan(rtp::kOsnSize), packet.view().marker(),
           index_of.at(load_be16(payload, 0)));
    }
  }
  void note(Bytes payload, bool marker, std::uint64_t index) {
    const auto parsed = rtp::codec::parse_vp9(payload);
    ASSERT_TRUE(parsed.has_value());
    all[index] = {parsed->spatial_layer, parsed->temporal_layer, marker, index,
                  *parsed->picture_id};
  }
  void expect_a_marker_at_each_pictures_end_and_nowhere_else() {
    const auto packets = received();
    ASSERT_FALSE(packets.empty());
    for (auto at = packets.begin(); at != packets.end(); ++at) {
      const auto next = std::next(at);
      const bool ends = next == packets.end() || next->second.picture != at->second.picture;
      EXPECT_EQ(at->second.marker, ends) << at->first << " of layer " << at->second.spatial;
    }
  }

  std::map<std::uint64_t, Got> all;
};

TEST_P(Vp9SvcRepair, RepeatsTheLastPacketOfAPictureThatItCutsShortWithItsMarker) {
  consumer->set_preferred_layers(at_ms(0), 1, std::nullopt);
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  const auto sent = room.sink.take();
  for (const std::size_t back : {std::size_t{1}, std::size_t{2}}) {
    const Sent& original = sent[sent.size() - back];
    nack(*consumer, at_ms(50), {original.sequence()}, room.sink);
    const auto repaired = room.sink.take();
    ASSERT_EQ(repaired.size(), 1u);
    EXPECT_EQ(repaired[0].view().marker(), back == 1);
    EXPECT_EQ(repaired[0].view().marker(), original.view().marker());
  }
}

TEST_P(Vp9SvcRepair, MarksTheLastPacketOfAPictureThatComesLate) {
  consumer->set_preferred_layers(at_ms(0), 1, std::nullopt);
  send_picture(0, 3, true);
  is_lost = [](int spatial, int part) { return spatial == 1 && part == 1; };
  send_picture(33, 3, false);
  is_lost = [](int, int) { return false; };
  send_picture(66, 3, false);
  repair(100);
  EXPECT_EQ(received().size(), is_key_svc() ? 8u : 12u);
  expect_a_marker_at_each_pictures_end_and_nowhere_else();
}

TEST_P(Vp9SvcRepair, CompletesAKeyPictureWhoseTopLayerComesLate) {
  is_lost = [](int spatial, int) { return spatial == 2; };
  send_picture(0, 3, true);
  is_lost = [](int, int) { return false; };
  send_picture(33, 2, false);  // Goes on with what came of the key picture.
  repair(60);
  EXPECT_EQ(received().size(), is_key_svc() ? 8u : 10u);
  expect_a_marker_at_each_pictures_end_and_nowhere_else();
  const auto top = std::next(all.begin(), 5)->second;
  nack(*consumer, at_ms(90), {static_cast<std::uint16_t>(top.index)}, room.sink);
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_GT(repaired[0].view().payload().size(), rtp::kOsnSize);
  EXPECT_TRUE(repaired[0].view().marker());
}

TEST_P(Vp9SvcRepair, MarksNothingInThePictureThatALayerIsTakenBackIn) {
  if (is_key_svc()) return;  // There, layers come back at key pictures only.
  send_picture(0, 2, true);
  send_picture(33, 2, false);
  ASSERT_EQ(consumer->current_layers(), (Layers{1, 2}));
  is_lost = [](int spatial, int part) { return spatial == 1 && part == 1; };
  send_picture(66, 3, false, 0, 2);
  is_lost = [](int, int) { return false; };
  ASSERT_EQ(consumer->current_layers(), (Layers{2, 2}));
  repair(100);
  EXPECT_EQ(received().size(), 14u);
  expect_a_marker_at_each_pictures_end_and_nowhere_else();
}

TEST_P(Vp9SvcRepair, CompletesAPictureAfterWhichItWentDown) {
  if (is_key_svc()) return;  // There, it goes down at key pictures only.
  send_picture(0, 3, true);
  is_lost = [](int spatial, int) { return spatial == 2; };
  send_picture(33, 3, false);
  is_lost = [](int, int) { return false; };
  consumer->set_preferred_layers(at_ms(34), 1, std::nullopt);
  send_picture(66, 3, false);
  repair(100);
  EXPECT_EQ(received().size(), 6u + 6u + 4u);
  expect_a_marker_at_each_pictures_end_and_nowhere_else();
}

TEST_P(Vp9SvcRepair, EndsEachPictureWithAMarkerWhateverIsLostOnBothWays) {
  TestRandom random(1);
  std::int64_t ms = 0;
  for (const std::uint8_t wanted : std::initializer_list<std::uint8_t>{0, 1}) {
    SCOPED_TRACE(int{wanted});
    consumer->set_preferred_layers(at_ms(ms), wanted, std::nullopt);
    send_picture(ms, 3, true);
    received();
    is_lost = [&](int, int) { return random.chance(20); };
    for (int i = 1; i <= 200; ++i) {
      send_picture(ms += 33, 3, false);
      if (i % 3 == 0) repair(ms + 10);
      lose_some_and_ask(ms + 20, random);
    }
    repair(ms + 30);
    is_lost = [](int, int) { return false; };
    EXPECT_EQ(received().size(),
              is_key_svc() || wanted == 0 ? 2u * 200 + 2u * (wanted + 1u) : 4u * 201);
    expect_a_marker_at_each_pictures_end_and_nowhere_else();
    all.clear();
    ms += 10'000;  // Nothing of this is in the history any more.
    consumer->pause(at_ms(ms));
    consumer->resume(at_ms(ms));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Vp9SvcRepair, testing::Values("L3T3", "L3T3_KEY"),
                         [](const auto& row) { return std::string(row.param); });

using Av1SvcRepair = Av1Svc;

TEST_F(Av1SvcRepair, KeepsTheMarkerOfALayerBelowTheTopWhenItIsRepeatedOrComesLate) {
  consumer->set_preferred_layers(at_ms(0), 0, std::nullopt);
  send_picture(0, true);
  const auto key = room.sink.take();
  ASSERT_EQ(key.size(), 1u);
  nack(*consumer, at_ms(20), {key[0].sequence()}, room.sink);
  const auto repaired = room.sink.take();
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_TRUE(repaired[0].view().marker());
  lost_layer = 0;
  send_picture(33, false);
  lost_layer = -1;
  send_picture(66, false);
  room.feed_as_rtx(at_ms(100), missing.at(0), 1);
  const auto got = take();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[1].frame_number + 2, got[0].frame_number);
  EXPECT_TRUE(got[0].marker);
  EXPECT_TRUE(got[1].marker);
}

}  // namespace
}  // namespace sfu::media

#include <gtest/gtest.h>

#include "media/layer_selector.h"
#include "media/media_for_test.h"
#include "rtp/codec/vp9.h"

namespace sfu::media {
namespace {

using namespace test;

/// RFC 9628 §4.2 in non-flexible mode: I, L, 15-bit picture id, TL0PICIDX, then a tag.
std::vector<std::uint8_t> vp9_payload(bool inter_predicted, bool starts, bool ends,
                                      std::uint16_t picture_id, std::uint8_t spatial,
                                      std::uint8_t temporal, bool inter_layer, std::uint8_t tl0) {
  std::vector<std::uint8_t> bytes(5 + 4);
  bytes[0] = static_cast<std::uint8_t>(0xa0 | (inter_predicted ? 0x40 : 0) | (starts ? 0x08 : 0) |
                                       (ends ? 0x04 : 0));
  store_be16(bytes, 1, static_cast<std::uint16_t>(0x8000 | picture_id));
  bytes[3] = static_cast<std::uint8_t>(temporal << 5 | (temporal > 0 ? 0x10 : 0) | spatial << 1 |
                                       (inter_layer ? 1 : 0));
  bytes[4] = tl0;
  bytes[5] = spatial;
  bytes[6] = temporal;
  return bytes;
}

class Vp9Svc : public testing::TestWithParam<const char*> {
 protected:
  Vp9Svc() : room(options()), consumer(room.make_consumer(ConsumerType::Svc)) {}
  static PublisherOptions options() {
    PublisherOptions made;
    made.mime_type = "video/VP9";
    made.scalability_mode = GetParam();
    return made;
  }
  bool is_key_svc() const { return std::string_view(GetParam()) == "L3T3_KEY"; }

  /// One picture of `layers` spatial layers, two packets each; the marker closes the picture.
  void send_picture(std::int64_t ms, int layers, bool key, std::uint8_t temporal = 0,
                    int refreshed_layer = -1) {
    if (temporal == 0) ++tl0;
    for (int spatial = 0; spatial < layers; ++spatial)
      for (int part = 0; part < 2; ++part) {
        const bool fresh = key || spatial == refreshed_layer;
        PacketSpec spec;
        spec.payload_type = kVp9;
        spec.sequence = sequence++;
        spec.timestamp = static_cast<std::uint32_t>(ms * 90);
        spec.marker = spatial == layers - 1 && part == 1;
        spec.payload =
            vp9_payload(!fresh, part == 0, part == 1, picture, static_cast<std::uint8_t>(spatial),
                        temporal, spatial > 0 && (fresh || !is_key_svc()), tl0);
        room.feed(at_ms(ms), spec);
      }
    picture = (picture + 1) & 0x7fff;
  }
  struct Got {
    int spatial;
    int temporal;
    bool marker;
    std::uint64_t index;
    std::uint16_t picture;
  };
  std::vector<Got> take() {
    std::vector<Got> list;
    for (const Sent& packet : room.sink.take()) {
      const auto parsed = rtp::codec::parse_vp9(packet.view().payload());
      EXPECT_TRUE(parsed.has_value());
      list.push_back({parsed->spatial_layer, parsed->temporal_layer, packet.view().marker(),
                      packet.index, *parsed->picture_id});
    }
    return list;
  }
  static std::vector<int> spatials(const std::vector<Got>& list) {
    std::vector<int> layers;
    for (const Got& got : list) layers.push_back(got.spatial);
    return layers;
  }

  std::uint16_t sequence = 65'530;
  std::uint16_t picture = 0x7ffe;
  std::uint8_t tl0 = 0;
  Room room;
  std::unique_ptr<Consumer> consumer;
};

TEST_P(Vp9Svc, ForwardsAllLayersOfTheKeyPictureAndOfOthersWhatItsModeNeeds) {
  send_picture(0, 3, false);
  EXPECT_TRUE(take().empty());
  send_picture(33, 3, true);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  send_picture(66, 3, false);
  EXPECT_EQ(spatials(take()),
            is_key_svc() ? (std::vector<int>{2, 2}) : (std::vector<int>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 2}));
}

TEST_P(Vp9Svc, MarksTheLastPacketOfEachPictureThatItCutsShort) {
  consumer->set_preferred_layers(at_ms(0), 1, std::nullopt);
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  const auto got = take();
  EXPECT_EQ(spatials(got), is_key_svc() ? (std::vector<int>{0, 0, 1, 1, 1, 1})
                                        : (std::vector<int>{0, 0, 1, 1, 0, 0, 1, 1}));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool ends = i + 1 == got.size() || got[i + 1].picture != got[i].picture;
    EXPECT_EQ(got[i].marker, ends) << i;
    if (i > 0) {
      EXPECT_EQ(got[i].index, got[i - 1].index + 1);
    }
  }
}

TEST_P(Vp9Svc, GoesDownAtOnceInFullSvcAndAtAKeyPictureInKeySvc) {
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  take();
  room.rtcp(at_ms(40));
  consumer->set_preferred_layers(at_ms(600), 0, std::nullopt);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(600))), is_key_svc() ? 1u : 0u);
  send_picture(633, 3, false);
  EXPECT_EQ(spatials(take()), is_key_svc() ? (std::vector<int>{2, 2}) : (std::vector<int>{0, 0}));
  send_picture(666, 3, true);
  send_picture(700, 3, false);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 0, 0}));
}

TEST_P(Vp9Svc, GoesUpAtAKeyPictureOnlyAndAsksForIt) {
  consumer->set_preferred_layers(at_ms(0), 0, std::nullopt);
  send_picture(0, 3, true);
  for (std::int64_t ms = 33; ms < 600; ms += 33) send_picture(ms, 3, false);
  take();
  room.rtcp(at_ms(599));
  consumer->set_preferred_layers(at_ms(600), 2, std::nullopt);
  EXPECT_EQ(count_plis(room.rtcp(at_ms(600))), 1u);
  send_picture(633, 3, false);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0}));
  send_picture(666, 3, true);
  EXPECT_EQ(spatials(take()), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  for (std::int64_t ms = 666; ms < 3000; ms += 33) {
    send_picture(ms, 3, false);
    EXPECT_EQ(count_plis(room.rtcp(at_ms(ms))), 0u) << ms;
  }
}

TEST_P(Vp9Svc, LeavesALayerThatIsSilentForHalfASecond) {
  send_picture(0, 3, true);
  std::int64_t ms = 33;
  for (; ms < 500; ms += 33) send_picture(ms, 3, false);
  EXPECT_EQ(consumer->current_layers(), (Layers{2, 2}));
  bool asked = false;
  for (; ms < 1700; ms += 33) {
    if (const auto at = consumer->next_timeout(); at && *at <= at_ms(ms))
      consumer->handle_timeout(at_ms(ms));
    const bool answers = asked && is_key_svc();
    asked = asked || count_plis(room.rtcp(at_ms(ms))) > 0;
    send_picture(ms, 2, answers && consumer->current_layers() == Layers{2, 2});
  }
  EXPECT_EQ(asked, is_key_svc());
  EXPECT_EQ(consumer->current_layers(), (Layers{1, 2}));
  take();
  send_picture(ms, 2, false);
  EXPECT_EQ(take().back().spatial, 1);
}

TEST_P(Vp9Svc, TakesALayerBackAtAFrameThatNeedsNoEarlierPicture) {
  send_picture(0, 3, true);
  send_picture(33, 3, false);
  std::int64_t ms = 66;
  for (; ms < 1500; ms += 33) {
    consumer->handle_timeout(at_ms(ms));
    room.rtcp(at_ms(ms));
    send_picture(ms, 2, ms > 1300);
  }
  ASSERT_EQ(consumer->current_layers(), std::nullopt);  // In a key picture.
  send_picture(ms, 2, false);
  ASSERT_EQ(consumer->current_layers(), (Layers{1, 2}));
  take();
  send_picture(ms += 33, 3, false);
  EXPECT_EQ(room.producer->source().stream(0).waiting, 1u);
  EXPECT_EQ(take().back().spatial, 1);
  send_picture(ms += 33, 3, false, 0, 2);
  // Key SVC has no such frames: there, layers of a picture refer to each other in key pictures
  // only.
  EXPECT_EQ(take().back().spatial, is_key_svc() ? 1 : 2);
  send_picture(ms += 33, 3, true);
  EXPECT_EQ(take().back().spatial, 2);
}

TEST_P(Vp9Svc, LeavesOutHigherTemporalLayersAndKeepsTheDistancesOfPictureIds) {
  send_picture(0, 3, true);
  for (std::int64_t i = 1; i < 9; ++i)
    send_picture(33 * i, 3, false,
                 std::array<std::uint8_t, 4>{0, 2, 1, 2}[static_cast<std::size_t>(i % 4)]);
  consumer->set_preferred_layers(at_ms(300), 2, 1);
  take();
  for (std::int64_t i = 9; i < 41; ++i)
    send_picture(33 * i, 3, false,
                 std::array<std::uint8_t, 4>{0, 2, 1, 2}[static_cast<std::size_t>(i % 4)]);
  const auto got = take();
  ASSERT_FALSE(got.empty());
  for (std::size_t i = 1; i < got.size(); ++i) {
    EXPECT_LE(got[i].temporal, 1);
    EXPECT_EQ(got[i].index, got[i - 1].index + 1);
    const int apart = (got[i].picture - got[i - 1].picture) & 0x7fff;
    EXPECT_TRUE(apart == 0 || apart == 2) << apart;
  }
}

TEST_P(Vp9Svc, ContinuesPictureIdsAfterAPause) {
  send_picture(0, 3, true);
  const auto before = take();
  consumer->pause(at_ms(10));
  for (std::int64_t ms = 33; ms < 1000; ms += 33) send_picture(ms, 3, false);
  consumer->resume(at_ms(1000));
  send_picture(1000, 3, true);
  send_picture(1033, 3, false);
  const auto after = take();
  EXPECT_EQ(after.front().index, before.back().index + 1);
  EXPECT_EQ(after.front().picture, (before.back().picture + 1) & 0x7fff);
  EXPECT_EQ(after.back().picture, (before.back().picture + 2) & 0x7fff);
}

INSTANTIATE_TEST_SUITE_P(Modes, Vp9Svc, testing::Values("L3T3", "L3T3_KEY"),
                         [](const auto& row) { return std::string(row.param); });

/// Writes bits, most significant first.
class BitWriter {
 public:
  void write(std::uint32_t value, int bits) {
    for (int i = bits - 1; i >= 0; --i) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      if (value >> i & 1u) bytes_.back() |= static_cast<std::uint8_t>(0x80 >> used_ % 8);
      ++used_;
    }
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t used_ = 0;
};

/// The dependency descriptor of "L2T1_KEY" (AV1 RTP specification A.8): templates 0 and 1 are the
/// base layer's key and delta frames, 2 and 3 the upper layer's; two decode targets, no chains.
std::vector<std::uint8_t> descriptor(bool starts, bool ends, std::uint8_t template_id,
                                     std::uint16_t frame_number, bool with_structure) {
  BitWriter bits;
  bits.write(starts, 1);
  bits.write(ends, 1);
  bits.write(template_id, 6);
  bits.write(frame_number, 16);
  if (!with_structure) return bits.bytes();
  bits.write(0b10000, 5);  // The structure is present; nothing else is.
  bits.write(0, 6);        // template_id_offset
  bits.write(1, 5);        // Two decode targets.
  for (const std::uint32_t next : {0u, 2u, 0u, 3u}) bits.write(next, 2);
  constexpr std::uint32_t kNone = 0, kSwitch = 2;
  for (const std::uint32_t dti : {kSwitch, kSwitch, kSwitch, kNone, kNone, kSwitch, kNone, kSwitch})
    bits.write(dti, 2);
  bits.write(0, 1);  // Template 0 refers to nothing.
  bits.write(1, 1);  // Template 1: two frames back.
  bits.write(1, 4);
  bits.write(0, 1);
  bits.write(1, 1);  // Template 2: one.
  bits.write(0, 4);
  bits.write(0, 1);
  bits.write(1, 1);  // Template 3: two.
  bits.write(1, 4);
  bits.write(0, 1);
  bits.write(0, 1);  // No chains: ns(3).
  bits.write(0, 1);  // No resolutions.
  return bits.bytes();
}

class Av1Svc : public testing::Test {
 protected:
  Av1Svc() : room(options()), consumer(room.make_consumer(ConsumerType::Svc)) {}
  static PublisherOptions options() {
    PublisherOptions made;
    made.mime_type = "video/AV1";
    made.scalability_mode = "L2T1_KEY";
    return made;
  }
  void send_picture(std::int64_t ms, bool key) {
    for (int spatial = 0; spatial < 2; ++spatial) {
      const auto id = static_cast<std::uint8_t>(spatial * 2 + (key ? 0 : 1));
      const auto value = descriptor(true, true, id, frame_number++, key && spatial == 0);
      PacketSpec spec;
      spec.payload_type = kAv1;
      spec.sequence = sequence++;
      spec.timestamp = static_cast<std::uint32_t>(ms * 90);
      spec.marker = spatial == 1;
      spec.extensions = {{kDescriptorId, value}};
      const bool starts_sequence = key && spatial == 0;
      spec.payload = {static_cast<std::uint8_t>(0x10 | (starts_sequence ? 0x08 : 0)), 0x30,
                      static_cast<std::uint8_t>(spatial)};
      room.feed(at_ms(ms), spec);
    }
  }
  struct Got {
    int spatial;
    std::uint16_t frame_number;
    bool marker;
  };
  std::vector<Got> take() {
    std::vector<Got> list;
    for (const Sent& packet : room.sink.take()) {
      const auto value = packet.view().extension(8);
      EXPECT_TRUE(value.has_value());
      list.push_back({packet.view().payload()[2], load_be16(*value, 1), packet.view().marker()});
    }
    return list;
  }

  std::uint16_t sequence = 1;
  std::uint16_t frame_number = 65'530;
  Room room;
  std::unique_ptr<Consumer> consumer;
};

TEST_F(Av1Svc, ForwardsWhatItsDecodeTargetNeeds) {
  send_picture(0, true);
  send_picture(33, false);
  const auto got = take();
  ASSERT_EQ(got.size(), 3u);  // Both of the key picture, then the upper layer alone.
  EXPECT_EQ(got[0].spatial, 0);
  EXPECT_EQ(got[1].spatial, 1);
  EXPECT_EQ(got[2].spatial, 1);
  EXPECT_EQ(got[0].frame_number, 65'530);
  EXPECT_EQ(got[2].frame_number, 65'533);
}

TEST_F(Av1Svc, ForwardsTheBaseLayerAloneWithMarkers) {
  consumer->set_preferred_layers(at_ms(0), 0, std::nullopt);
  send_picture(0, true);
  send_picture(33, false);
  const auto got = take();
  ASSERT_EQ(got.size(), 2u);
  for (const Got& packet : got) {
    EXPECT_EQ(packet.spatial, 0);
    EXPECT_TRUE(packet.marker);
  }
}

TEST_F(Av1Svc, ContinuesFrameNumbersAfterAPauseAcrossTheirWrap) {
  send_picture(0, true);
  const auto before = take();
  consumer->pause(at_ms(1));
  for (std::int64_t ms = 33; ms < 500; ms += 33) send_picture(ms, false);
  consumer->resume(at_ms(500));
  send_picture(510, true);
  send_picture(543, false);
  const auto after = take();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 1));
  EXPECT_EQ(after[1].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 2));
  EXPECT_EQ(after[2].frame_number, static_cast<std::uint16_t>(before.back().frame_number + 4));
}

}  // namespace
}  // namespace sfu::media

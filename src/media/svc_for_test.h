#pragma once

// One viewer of a publisher that sends several spatial layers in one stream.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "media/media_for_test.h"
#include "rtp/codec/vp9.h"

namespace sfu::media::test {

/// RFC 9628 §4.2 in non-flexible mode: I, L, 15-bit picture id, TL0PICIDX, then a tag.
inline std::vector<std::uint8_t> vp9_payload(bool inter_predicted, bool starts, bool ends,
                                             std::uint16_t picture_id, std::uint8_t spatial,
                                             std::uint8_t temporal, bool inter_layer,
                                             std::uint8_t tl0) {
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

  /// One picture of `layers` spatial layers, two packets each; the marker closes the picture. What
  /// `is_lost` names stays behind in `missing`.
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
        if (is_lost(spatial, part))
          missing.push_back(spec);
        else
          room.feed(at_ms(ms), spec);
      }
    picture = (picture + 1) & 0x7fff;
  }
  void repair(std::int64_t ms) {
    for (const PacketSpec& spec : std::exchange(missing, {}))
      room.feed_as_rtx(at_ms(ms), spec, rtx_sequence++);
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

  std::function<bool(int spatial, int part)> is_lost = [](int, int) { return false; };
  std::vector<PacketSpec> missing;
  std::uint16_t rtx_sequence = 1;
  std::uint16_t sequence = 65'530;
  std::uint16_t picture = 0x7ffe;
  std::uint8_t tl0 = 0;
  Room room;
  std::unique_ptr<Consumer> consumer;
};

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
inline std::vector<std::uint8_t> descriptor(bool starts, bool ends, std::uint8_t template_id,
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
      const auto& value =
          descriptors.emplace_back(descriptor(true, true, id, frame_number++, key && spatial == 0));
      PacketSpec spec;
      spec.payload_type = kAv1;
      spec.sequence = sequence++;
      spec.timestamp = static_cast<std::uint32_t>(ms * 90);
      spec.marker = spatial == 1;
      spec.extensions = {{kDescriptorId, value}};
      const bool starts_sequence = key && spatial == 0;
      spec.payload = {static_cast<std::uint8_t>(0x10 | (starts_sequence ? 0x08 : 0)), 0x30,
                      static_cast<std::uint8_t>(spatial)};
      if (spatial == lost_layer)
        missing.push_back(spec);
      else
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

  std::deque<std::vector<std::uint8_t>> descriptors;  // Which `missing` shows.
  int lost_layer = -1;                                // Stays behind in `missing`.
  std::vector<PacketSpec> missing;
  std::uint16_t sequence = 1;
  std::uint16_t frame_number = 65'530;
  Room room;
  std::unique_ptr<Consumer> consumer;
};

}  // namespace sfu::media::test

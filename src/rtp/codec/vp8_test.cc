#include "rtp/codec/vp8.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;

/// The start of a key frame of 1280x720, horizontal scale 1.
const Buffer kKeyFrame = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x00, 0x45, 0xd0, 0x02};
const Buffer kDeltaFrame = {0x11, 0x02};

Buffer join(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

using Malformed = MalformedInput<PayloadError>;

const Malformed kMalformed[] = {
    {"empty", {}, PayloadError::Empty},
    {"descriptor_alone", {0x10}, PayloadError::Truncated},
    {"extension_byte_missing", {0x90}, PayloadError::Truncated},
    {"picture_id_missing", {0x90, 0x80}, PayloadError::Truncated},
    {"long_picture_id_cut", {0x90, 0x80, 0x81}, PayloadError::Truncated},
    {"tl0_missing", {0x90, 0x40}, PayloadError::Truncated},
    {"tid_missing", {0x90, 0x20}, PayloadError::Truncated},
    {"no_frame_behind_all", {0x90, 0xF0, 0x81, 0x23, 0x45, 0xE7}, PayloadError::Truncated},
};

class MalformedVp8 : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedVp8, IsRefusedWithItsReason) {
  expect_refused(parse_vp8(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedVp8, testing::ValuesIn(kMalformed),
                         name_of_row<PayloadError>);

TEST(Vp8, ReadsEveryFieldOfTheDescriptor) {
  const auto parsed = parse_vp8(join({0xB3, 0xF0, 0x81, 0x23, 0x45, 0xA7}, kDeltaFrame));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->non_reference);
  EXPECT_TRUE(parsed->starts_partition);
  EXPECT_EQ(parsed->partition_id, 3);
  EXPECT_EQ(parsed->picture_id, 0x0123);
  EXPECT_TRUE(parsed->long_picture_id);
  EXPECT_EQ(parsed->tl0_picture_index, 0x45);
  EXPECT_EQ(parsed->temporal_layer, 2);
  EXPECT_TRUE(parsed->layer_sync);
  EXPECT_EQ(parsed->key_index, 7);
  EXPECT_EQ(parsed->descriptor_size, 6u);
}

TEST(Vp8, WithoutExtensionsHasOneByte) {
  const auto parsed = parse_vp8(join({0x10}, kKeyFrame));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->descriptor_size, 1u);
  EXPECT_FALSE(parsed->picture_id || parsed->tl0_picture_index || parsed->temporal_layer);
  EXPECT_TRUE(parsed->is_key_frame);
  EXPECT_EQ(parsed->resolution, (Resolution{1280, 720}));
}

TEST(Vp8, TemporalLayerCountsOnlyWithItsFlag) {
  const auto parsed = parse_vp8({Buffer{0x90, 0x10, 0xFF, 0x01}});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->temporal_layer, std::nullopt);
  EXPECT_FALSE(parsed->layer_sync);
  EXPECT_EQ(parsed->key_index, 0x1F);
}

TEST(Vp8, KeyFrameIsKnownOnlyWhereItsFirstPartitionStarts) {
  EXPECT_TRUE(parse_vp8(join({0x10}, kKeyFrame))->is_key_frame);
  EXPECT_FALSE(parse_vp8(join({0x10}, kDeltaFrame))->is_key_frame);
  EXPECT_FALSE(parse_vp8(join({0x00}, kKeyFrame))->is_key_frame) << "in the middle of a partition";
  EXPECT_FALSE(parse_vp8(join({0x11}, kKeyFrame))->is_key_frame) << "start of partition 1";
}

TEST(Vp8, KeyFrameCutShortOrWithoutStartCodeTellsNoSize) {
  EXPECT_EQ(parse_vp8(Buffer{0x10, 0x10})->resolution, std::nullopt);
  Buffer wrong = join({0x10}, kKeyFrame);
  wrong[4] = 0;
  EXPECT_EQ(parse_vp8(wrong)->resolution, std::nullopt);
  EXPECT_TRUE(parse_vp8(wrong)->is_key_frame);
}

TEST(Vp8Rewrite, ChangesThePictureNumbersAndNothingElse) {
  for (const Buffer& descriptor :
       {Buffer{0x90, 0xF0, 0x81, 0x23, 0x45, 0xA7}, Buffer{0x90, 0xC0, 0x23, 0x45},
        Buffer{0x90, 0x80, 0x23}, Buffer{0x90, 0x80, 0x81, 0x23}, Buffer{0x90, 0x40, 0x45},
        Buffer{0x90, 0x20, 0xA7}, Buffer{0x90, 0x00}, Buffer{0x10}}) {
    const Buffer payload = join(descriptor, kDeltaFrame);
    const auto before = parse_vp8(payload);
    ASSERT_TRUE(before.has_value());
    Buffer rewritten(before->descriptor_size);
    rewrite_vp8_descriptor(payload, *before, 0x7FED, 0x99, rewritten);
    const auto after = parse_vp8(join(rewritten, kDeltaFrame));
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->descriptor_size, before->descriptor_size);
    EXPECT_EQ(after->picture_id.has_value(), before->picture_id.has_value());
    if (after->picture_id) {
      EXPECT_EQ(after->long_picture_id, before->long_picture_id);
      EXPECT_EQ(*after->picture_id, after->long_picture_id ? 0x7FED : 0x6D);
    }
    EXPECT_EQ(after->tl0_picture_index.has_value(), before->tl0_picture_index.has_value());
    EXPECT_EQ(after->tl0_picture_index.value_or(0x99), 0x99);
    EXPECT_EQ(after->temporal_layer, before->temporal_layer);
    EXPECT_EQ(after->layer_sync, before->layer_sync);
    EXPECT_EQ(after->key_index, before->key_index);
    EXPECT_EQ(rewritten[0], payload[0]);
  }
}

TEST(Vp8Rewrite, WithTheSameNumbersGivesTheSameBytes) {
  const Buffer payload = join({0x90, 0xF0, 0xFF, 0xFE, 0x45, 0xA7}, kDeltaFrame);
  const auto parsed = parse_vp8(payload);
  Buffer rewritten(kMaxVp8DescriptorSize);
  rewrite_vp8_descriptor(payload, *parsed, *parsed->picture_id, *parsed->tl0_picture_index,
                         rewritten);
  EXPECT_EQ(join(rewritten, kDeltaFrame), payload);
}

}  // namespace
}  // namespace sfu::rtp::codec

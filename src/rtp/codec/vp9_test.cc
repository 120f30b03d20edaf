#include "rtp/codec/vp9.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr unsigned kI = 0x80, kP = 0x40, kL = 0x20, kF = 0x10, kB = 0x08, kE = 0x04, kV = 0x02,
                   kZ = 0x01;

Buffer payload(unsigned flags, Buffer rest) {
  rest.insert(rest.begin(), static_cast<std::uint8_t>(flags));
  return rest;
}

using Malformed = MalformedInput<PayloadError>;

const Malformed kMalformed[] = {
    {"empty", {}, PayloadError::Empty},
    {"descriptor_alone", payload(kB, {}), PayloadError::Truncated},
    {"picture_id_missing", payload(kI, {}), PayloadError::Truncated},
    {"long_picture_id_cut", payload(kI, {0x80}), PayloadError::Truncated},
    {"layer_indices_missing", payload(kL, {}), PayloadError::Truncated},
    {"tl0_missing", payload(kL, {0x00}), PayloadError::Truncated},
    {"flexible_without_picture_id", payload(kF, {1}), PayloadError::Contradiction},
    {"reference_diffs_missing", payload(kI | kF | kP, {1}), PayloadError::Truncated},
    {"four_reference_diffs", payload(kI | kF | kP, {1, 3, 5, 7, 8, 9}),
     PayloadError::TooManyElements},
    {"structure_missing", payload(kV, {}), PayloadError::Truncated},
    {"resolution_cut", payload(kV, {0x10, 0x05, 0x00, 0x02}), PayloadError::Truncated},
    {"picture_group_cut", payload(kV, {0x08, 2, 0x04}), PayloadError::Truncated},
    {"group_references_cut", payload(kV, {0x08, 1, 0x0C, 1, 2}), PayloadError::Truncated},
};

class MalformedVp9 : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedVp9, IsRefusedWithItsReason) {
  expect_refused(parse_vp9(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedVp9, testing::ValuesIn(kMalformed),
                         name_of_row<PayloadError>);

TEST(Vp9, NonFlexibleModeHasTl0PictureIndex) {
  // TID 2, U, SID 1, D.
  const auto parsed = parse_vp9(payload(kI | kP | kL | kE | kZ, {0x92, 0x34, 0x53, 0x77, 0xAA}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->inter_picture_predicted);
  EXPECT_FALSE(parsed->flexible);
  EXPECT_FALSE(parsed->starts_layer_frame);
  EXPECT_TRUE(parsed->ends_layer_frame);
  EXPECT_TRUE(parsed->not_reference_for_upper);
  EXPECT_TRUE(parsed->long_picture_id);
  EXPECT_EQ(parsed->picture_id, 0x1234);
  EXPECT_TRUE(parsed->has_layer_indices);
  EXPECT_EQ(parsed->temporal_layer, 2);
  EXPECT_TRUE(parsed->temporal_switch_point);
  EXPECT_EQ(parsed->spatial_layer, 1);
  EXPECT_TRUE(parsed->inter_layer_predicted);
  EXPECT_EQ(parsed->tl0_picture_index, 0x77);
  EXPECT_EQ(parsed->descriptor_size, 5u);
}

TEST(Vp9, FlexibleModeHasReferenceDiffsAndNoTl0) {
  const auto parsed = parse_vp9(payload(kI | kP | kL | kF | kB, {0x05, 0x00, 0x03, 0x05, 0x0A, 9}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->flexible);
  EXPECT_FALSE(parsed->long_picture_id);
  EXPECT_EQ(parsed->picture_id, 5);
  EXPECT_EQ(parsed->tl0_picture_index, std::nullopt);
  ASSERT_EQ(parsed->reference_count, 3);
  EXPECT_EQ(parsed->reference_diffs[0], 1);
  EXPECT_EQ(parsed->reference_diffs[1], 2);
  EXPECT_EQ(parsed->reference_diffs[2], 5);
  EXPECT_EQ(parsed->descriptor_size, 6u);
}

TEST(Vp9, ScalabilityStructureTellsTheSizesOfItsLayers) {
  const auto parsed = parse_vp9(payload(
      kB | kV, {0x38, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xD0, 2, 0x00, 0x28, 1, 2, 0xFF}));
  ASSERT_TRUE(parsed.has_value());
  ASSERT_TRUE(parsed->structure.has_value());
  EXPECT_EQ(parsed->structure->spatial_layers, 2);
  EXPECT_EQ(parsed->structure->pictures_in_group, 2);
  EXPECT_EQ(parsed->structure->resolutions[0], (Resolution{640, 360}));
  EXPECT_EQ(parsed->structure->resolutions[1], (Resolution{1280, 720}));
  EXPECT_EQ(parsed->descriptor_size, 15u);
}

TEST(Vp9, ScalabilityStructureMayBeBare) {
  const auto parsed = parse_vp9(payload(kB | kV, {0xE0, 0xFF}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->structure->spatial_layers, 8);
  EXPECT_FALSE(parsed->structure->has_resolutions);
  EXPECT_EQ(parsed->descriptor_size, 2u);
}

struct KeyFrameCase {
  const char* name;
  Buffer payload;
  bool expected;
};

TEST(Vp9, KeyFrameStartsWhereTheLowestLayerRefersToNothing) {
  const KeyFrameCase cases[] = {
      {"no layers", payload(kB, {1}), true},
      {"not its first packet", payload(kE, {1}), false},
      {"predicted", payload(kB | kP, {1}), false},
      {"base layer", payload(kB | kL, {0x00, 1, 1}), true},
      {"upper layer over the base", payload(kB | kL, {0x03, 1, 1}), false},
      {"upper layer by itself", payload(kB | kL, {0x02, 1, 1}), true},
  };
  for (const KeyFrameCase& row : cases)
    EXPECT_EQ(parse_vp9(row.payload)->starts_key_frame(), row.expected) << row.name;
}

}  // namespace
}  // namespace sfu::rtp::codec

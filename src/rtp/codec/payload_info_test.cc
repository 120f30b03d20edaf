#include "rtp/codec/payload_info.h"

#include <gtest/gtest.h>

#include <vector>

#include "rtp/codec/dependency_descriptor.h"

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;
using enum DecodeTargetIndication;

PayloadInfo inspected(Codec codec, const Buffer& payload, bool marker = false) {
  const auto info = inspect(codec, payload, marker);
  EXPECT_TRUE(info.has_value());
  return *info;
}

TEST(Inspect, KeyFramesStartInEachCodec) {
  EXPECT_TRUE(inspected(Codec::Vp8, {0x10, 0x00}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::Vp8, {0x10, 0x01}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::Vp8, {0x00, 0x00}).is_key_frame_start);

  EXPECT_TRUE(inspected(Codec::Vp9, {0x08, 1}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::Vp9, {0x48, 1}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::Vp9, {0x28, 0x03, 0, 1}).is_key_frame_start);
  EXPECT_TRUE(inspected(Codec::Vp9, {0x28, 0x03, 0, 1}).is_spatial_switch_point);

  EXPECT_TRUE(inspected(Codec::H264, {0x67, 66, 0, 31}).is_key_frame_start);
  EXPECT_TRUE(inspected(Codec::H264, {0x7C, 0x85, 0x88}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::H264, {0x7C, 0x05, 0x88}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::H264, {0x61, 0x88}).is_key_frame_start);

  EXPECT_TRUE(inspected(Codec::Av1, {0x18, 0x08, 0}).is_key_frame_start);
  EXPECT_FALSE(inspected(Codec::Av1, {0x10, 0x30, 0}).is_key_frame_start);

  EXPECT_TRUE(inspected(Codec::Opus, {0x78, 1, 2}).is_key_frame_start);
}

TEST(Inspect, Vp8TellsTemporalLayersAndWhereToSwitchUp) {
  const PayloadInfo synced = inspected(Codec::Vp8, {0xB0, 0x20, 0x60, 0x01});
  EXPECT_EQ(synced.temporal_layer, 1);
  EXPECT_TRUE(synced.is_temporal_switch_point);
  EXPECT_TRUE(synced.is_discardable);
  const PayloadInfo unsynced = inspected(Codec::Vp8, {0x90, 0x20, 0x40, 0x01});
  EXPECT_FALSE(unsynced.is_temporal_switch_point);
  EXPECT_FALSE(unsynced.is_discardable);
}

TEST(Inspect, FrameEndsAreTheMarkersExceptWhereTheCodecSaysMore) {
  EXPECT_TRUE(inspected(Codec::Vp8, {0x10, 0x01}, true).is_frame_end);
  EXPECT_FALSE(inspected(Codec::Vp8, {0x10, 0x01}, false).is_frame_end);
  EXPECT_TRUE(inspected(Codec::Vp9, {0x4C, 1}, false).is_frame_end) << "E without marker";
  EXPECT_FALSE(inspected(Codec::Vp9, {0x48, 1}, true).is_frame_end) << "marker without E";
}

TEST(Inspect, Vp9GivesTheSizeOfItsHighestLayer) {
  const PayloadInfo info =
      inspected(Codec::Vp9, {0x0A, 0x30, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xD0, 1});
  EXPECT_EQ(info.resolution, (Resolution{1280, 720}));
}

TEST(Inspect, OpusTellsSilence) {
  EXPECT_TRUE(inspected(Codec::Opus, {0x78}).is_dtx);
  EXPECT_FALSE(inspected(Codec::Opus, {0x78, 1, 2}).is_dtx);
}

TEST(Inspect, EmptyPayloadIsRefusedByEveryCodec) {
  for (const Codec codec : {Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1})
    EXPECT_EQ(inspect(codec, {}, false).error(), PayloadError::Empty);
}

DependencyDescriptor upper_layer_frame(std::uint16_t frame_diff) {
  DependencyDescriptor descriptor;
  descriptor.starts_frame = true;
  descriptor.decode_target_count = 2;
  descriptor.frame.spatial_layer = 1;
  descriptor.frame.indications = {NotPresent, Switch};
  descriptor.frame.frame_diff_count = 1;
  descriptor.frame.frame_diffs[0] = frame_diff;
  return descriptor;
}

TEST(Inspect, DependencyDescriptorsWordOnLayersCounts) {
  const Buffer payload = {0x10, 0x30, 0};
  const DependencyDescriptor within = upper_layer_frame(1);
  const auto info = inspect(Codec::Av1, payload, true, &within);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->spatial_layer, 1);
  EXPECT_TRUE(info->is_frame_start);
  EXPECT_FALSE(info->is_frame_end) << "though the marker is set";
  EXPECT_TRUE(info->is_spatial_switch_point);
  EXPECT_FALSE(info->is_discardable);
  EXPECT_FALSE(info->is_key_frame_start);
}

TEST(Inspect, AReferenceToAnEarlierPictureIsNoSpatialSwitchPoint) {
  const DependencyDescriptor across = upper_layer_frame(2);
  const auto info = inspect(Codec::Av1, Buffer{0x10, 0x30, 0}, true, &across);
  EXPECT_FALSE(info->is_spatial_switch_point);
  EXPECT_TRUE(info->is_temporal_switch_point);
}

TEST(Inspect, WhatNoTargetNeedsIsDiscardable) {
  DependencyDescriptor descriptor = upper_layer_frame(1);
  descriptor.frame.indications = {NotPresent, Discardable};
  EXPECT_TRUE(inspect(Codec::Vp8, Buffer{0x10, 0x01}, true, &descriptor)->is_discardable);
}

}  // namespace
}  // namespace sfu::rtp::codec

#include "rtp/codec/h264.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;

/// Puts together a parameter set bit by bit.
class SpsWriter {
 public:
  SpsWriter& bits(std::uint32_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) put(value >> i & 1u);
    return *this;
  }
  SpsWriter& ue(std::uint32_t value) {
    unsigned width = 0;
    while ((value + 1) >> (width + 1)) ++width;
    return bits(0, width).bits(value + 1, width + 1);
  }
  /// With the stop bit, and 03 put where a start code would be.
  Buffer finish() {
    put(1);
    while (count_ % 8 != 0) put(0);
    Buffer escaped = {0x67};
    unsigned zeros = 0;
    for (const std::uint8_t byte : bytes_) {
      if (zeros >= 2 && byte <= 3) {
        escaped.push_back(3);
        zeros = 0;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      escaped.push_back(byte);
    }
    return escaped;
  }

 private:
  void put(unsigned bit) {
    if (count_ % 8 == 0) bytes_.push_back(0);
    bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | bit << (7 - count_ % 8));
    ++count_;
  }
  Buffer bytes_;
  std::size_t count_ = 0;
};

struct SpsShape {
  std::uint32_t width_in_blocks;
  std::uint32_t height_in_units;
  bool frames_only = true;
  std::uint32_t crop_bottom = 0;
  std::uint32_t crop_right = 0;
};

Buffer baseline_sps(const SpsShape& shape) {
  SpsWriter writer;
  writer.bits(66, 8).bits(0xC0, 8).bits(31, 8).ue(0);  // Profile, constraints, level, id.
  writer.ue(0).ue(2);                                  // Frame number, order count type.
  writer.ue(1).bits(0, 1);                             // Reference frames, gaps.
  writer.ue(shape.width_in_blocks - 1).ue(shape.height_in_units - 1);
  writer.bits(shape.frames_only, 1);
  if (!shape.frames_only) writer.bits(0, 1);
  writer.bits(1, 1);
  const bool crops = shape.crop_bottom != 0 || shape.crop_right != 0;
  writer.bits(crops, 1);
  if (crops) writer.ue(0).ue(shape.crop_right).ue(0).ue(shape.crop_bottom);
  return writer.bits(0, 1).finish();
}

TEST(H264Sps, TellsTheCroppedSize) {
  EXPECT_EQ(parse_sps_resolution(baseline_sps({80, 45})), (Resolution{1280, 720}));
  EXPECT_EQ(parse_sps_resolution(baseline_sps({120, 68, true, 4})), (Resolution{1920, 1080}));
  EXPECT_EQ(parse_sps_resolution(baseline_sps({40, 23, true, 4})), (Resolution{640, 360}));
  EXPECT_EQ(parse_sps_resolution(baseline_sps({120, 34, false, 2})), (Resolution{1920, 1080}))
      << "two fields in a frame";
  EXPECT_EQ(parse_sps_resolution(baseline_sps({1024, 1024})), (Resolution{16384, 16384}));
}

TEST(H264Sps, HighProfileWithScalingListsAndOrderCycleIsReadThrough) {
  SpsWriter writer;
  writer.bits(100, 8).bits(0, 8).bits(40, 8).ue(0);
  writer.ue(1).ue(0).ue(0).bits(0, 1).bits(1, 1);  // 4:2:0, 8 bits, scaling matrix present.
  for (int list = 0; list < 8; ++list) {
    writer.bits(list == 0, 1);
    if (list == 0)
      for (int i = 0; i < 16; ++i) writer.ue(0);
  }
  writer.ue(0).ue(1);  // Order count type 1:
  writer.bits(0, 1).ue(0).ue(0).ue(2).ue(1).ue(2);
  writer.ue(4).bits(0, 1).ue(79).ue(44).bits(1, 1).bits(1, 1).bits(0, 1);
  EXPECT_EQ(parse_sps_resolution(writer.bits(0, 1).finish()), (Resolution{1280, 720}));
}

TEST(H264Sps, MalformedOnesTellNothing) {
  EXPECT_EQ(parse_sps_resolution({}), std::nullopt);
  EXPECT_EQ(parse_sps_resolution(Buffer{0x68, 1, 2, 3}), std::nullopt) << "a PPS";
  EXPECT_EQ(parse_sps_resolution(Buffer(400, 0x67)), std::nullopt);
  EXPECT_EQ(parse_sps_resolution(baseline_sps({1025, 45})), std::nullopt) << "too wide";
  EXPECT_EQ(parse_sps_resolution(baseline_sps({1, 1, true, 8})), std::nullopt) << "all cropped";
  const Buffer whole = baseline_sps({80, 45});
  for (std::size_t size = 1; size + 2 < whole.size(); ++size)
    EXPECT_EQ(parse_sps_resolution(Bytes(whole).first(size)), std::nullopt) << size;
}

using Malformed = MalformedInput<PayloadError>;

const Malformed kMalformed[] = {
    {"empty", {}, PayloadError::Empty},
    {"type_0", {0x60, 1}, PayloadError::UnknownType},
    {"stap_b", {0x79, 0, 0, 0, 1, 0x67}, PayloadError::UnknownType},
    {"fu_b", {0x7D, 0x85, 0, 1}, PayloadError::UnknownType},
    {"stap_a_empty", {0x78}, PayloadError::Truncated},
    {"stap_a_half_a_size", {0x78, 0}, PayloadError::Truncated},
    {"stap_a_size_zero", {0x78, 0, 0}, PayloadError::Truncated},
    {"stap_a_unit_cut", {0x78, 0, 2, 0x67}, PayloadError::Truncated},
    {"stap_a_second_unit_cut", {0x78, 0, 1, 0x67, 0, 9, 0x68}, PayloadError::Truncated},
    {"fu_a_without_header", {0x7C}, PayloadError::Truncated},
};

class MalformedH264 : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedH264, IsRefusedWithItsReason) {
  expect_refused(parse_h264(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedH264, testing::ValuesIn(kMalformed),
                         name_of_row<PayloadError>);

TEST(H264, SingleUnitIsWhole) {
  const auto idr = parse_h264(Buffer{0x65, 0x88});
  ASSERT_TRUE(idr.has_value());
  EXPECT_TRUE(idr->has_idr && idr->has_slice && idr->is_reference && idr->starts_picture);
  EXPECT_TRUE(idr->starts_nal_unit && idr->ends_nal_unit);
  EXPECT_FALSE(idr->has_sps);

  const auto second_slice = parse_h264(Buffer{0x65, 0x40});
  EXPECT_FALSE(second_slice->starts_picture);
  const auto unreferenced = parse_h264(Buffer{0x01, 0x80});
  EXPECT_TRUE(unreferenced->has_slice);
  EXPECT_FALSE(unreferenced->is_reference || unreferenced->has_idr);
}

TEST(H264, AggregateTellsOfAllItsUnits) {
  const Buffer sps = baseline_sps({80, 45});
  Buffer payload = {0x78, 0, static_cast<std::uint8_t>(sps.size())};
  payload.insert(payload.end(), sps.begin(), sps.end());
  for (const int byte : {0, 2, 0x68, 1, 0, 2, 0x65, 0x80})
    payload.push_back(static_cast<std::uint8_t>(byte));
  const auto parsed = parse_h264(payload);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->has_sps && parsed->has_pps && parsed->has_idr && parsed->starts_picture);
  EXPECT_EQ(parsed->resolution, (Resolution{1280, 720}));
}

TEST(H264, FragmentsStartPicturesOnlyAtTheirFirst) {
  const auto first = parse_h264(Buffer{0x7C, 0x85, 0x88});
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->has_idr && first->starts_nal_unit && first->starts_picture);
  EXPECT_FALSE(first->ends_nal_unit);
  const auto middle = parse_h264(Buffer{0x7C, 0x05, 0x88});
  EXPECT_TRUE(middle->has_idr);
  EXPECT_FALSE(middle->starts_nal_unit || middle->starts_picture);
  const auto last = parse_h264(Buffer{0x7C, 0x45, 0x88});
  EXPECT_TRUE(last->ends_nal_unit);
}

TEST(H264, AUnitInASingleFragmentIsTakenThoughNoneShouldBeSent) {
  const auto whole = parse_h264(Buffer{0x7C, 0xC5, 0x88});
  ASSERT_TRUE(whole.has_value());
  EXPECT_TRUE(whole->starts_nal_unit && whole->ends_nal_unit && whole->starts_picture);
}

}  // namespace
}  // namespace sfu::rtp::codec

#include "rtp/codec/dependency_descriptor.h"

#include <gtest/gtest.h>

#include <vector>

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;
using enum DecodeTargetIndication;

class BitWriter {
 public:
  BitWriter& bits(std::uint32_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) {
      if (count_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() =
          static_cast<std::uint8_t>(bytes_.back() | (value >> i & 1u) << (7 - count_ % 8));
      ++count_;
    }
    return *this;
  }
  const Buffer& bytes() const { return bytes_; }

 private:
  Buffer bytes_;
  std::size_t count_ = 0;
};

struct Flags {
  bool structure = false, active_targets = false, indications = false, diffs = false,
       chains = false;
};

BitWriter mandatory(unsigned template_id, unsigned frame_number, bool start = true,
                    bool end = true) {
  BitWriter writer;
  writer.bits(start, 1).bits(end, 1).bits(template_id, 6).bits(frame_number, 16);
  return writer;
}

BitWriter& extended(BitWriter& writer, Flags flags) {
  return writer.bits(flags.structure, 1)
      .bits(flags.active_targets, 1)
      .bits(flags.indications, 1)
      .bits(flags.diffs, 1)
      .bits(flags.chains, 1);
}

constexpr unsigned kOffset = 60;  // So that template ids wrap.

/// Two spatial and two temporal layers with key frames alone predicted between spatial layers:
/// templates S0T0 key, S0T0, S0T1, S1T0 key, S1T0, S1T1; decode targets S0T0, S0T1, S1T0, S1T1.
BitWriter& l2t2_key_structure(BitWriter& writer) {
  writer.bits(kOffset, 6).bits(4 - 1, 5);
  for (const unsigned step : {0u, 1u, 2u, 0u, 1u, 3u}) writer.bits(step, 2);
  const DecodeTargetIndication indications[6][4] = {
      {Switch, Switch, Switch, Switch},
      {Switch, Switch, NotPresent, NotPresent},
      {NotPresent, Discardable, NotPresent, NotPresent},
      {NotPresent, NotPresent, Switch, Switch},
      {NotPresent, NotPresent, Switch, Switch},
      {NotPresent, NotPresent, NotPresent, Discardable},
  };
  for (const auto& row : indications)
    for (const DecodeTargetIndication indication : row)
      writer.bits(static_cast<std::uint32_t>(indication), 2);
  const std::vector<unsigned> diffs[6] = {{}, {4}, {2}, {1}, {4}, {2}};
  for (const auto& row : diffs) {
    for (const unsigned diff : row) writer.bits(1, 1).bits(diff - 1, 4);
    writer.bits(0, 1);
  }
  // Chains: ns(5) of 2 is "10"; ns(2) is one bit.
  writer.bits(2, 2).bits(0, 1).bits(0, 1).bits(1, 1).bits(1, 1);
  const unsigned chains[6][2] = {{0, 0}, {4, 3}, {2, 1}, {1, 1}, {1, 4}, {3, 2}};
  for (const auto& row : chains)
    for (const unsigned diff : row) writer.bits(diff, 4);
  writer.bits(1, 1);
  return writer.bits(639, 16).bits(359, 16).bits(1279, 16).bits(719, 16);
}

Buffer key_frame_descriptor() {
  BitWriter writer = mandatory(kOffset, 100);
  extended(writer, {.structure = true});
  return l2t2_key_structure(writer).bytes();
}

TemplateStructure l2t2_key() {
  TemplateStructure structure;
  EXPECT_TRUE(parse_dependency_descriptor(key_frame_descriptor(), nullptr, structure).has_value());
  return structure;
}

TEST(DependencyDescriptor, KeyFrameAttachesTheWholeStructure) {
  TemplateStructure structure;
  const auto parsed = parse_dependency_descriptor(key_frame_descriptor(), nullptr, structure);
  ASSERT_TRUE(parsed.has_value()) << to_string(parsed.error());
  EXPECT_TRUE(parsed->is_key_frame());
  EXPECT_TRUE(parsed->starts_frame && parsed->ends_frame);
  EXPECT_EQ(parsed->frame_number, 100);
  EXPECT_EQ(parsed->active_decode_targets, 0b1111u);
  EXPECT_EQ(parsed->frame.frame_diff_count, 0);
  EXPECT_EQ(parsed->resolution, (Resolution{640, 360}));

  EXPECT_EQ(structure.template_count, 6);
  EXPECT_EQ(structure.decode_target_count, 4);
  EXPECT_EQ(structure.chain_count, 2);
  EXPECT_EQ(structure.spatial_layers(), 2);
  EXPECT_EQ(structure.temporal_layers(), 2);
  EXPECT_EQ(structure.templates[5].spatial_layer, 1);
  EXPECT_EQ(structure.templates[5].temporal_layer, 1);
  EXPECT_EQ(structure.templates[3].frame_diffs[0], 1);
  EXPECT_EQ(structure.templates[4].chain_diffs[1], 4);
  EXPECT_EQ(structure.protecting_chain[1], 0);
  EXPECT_EQ(structure.protecting_chain[2], 1);
  EXPECT_EQ(structure.target_layers[1].spatial_layer, 0);
  EXPECT_EQ(structure.target_layers[1].temporal_layer, 1);
  EXPECT_EQ(structure.target_layers[2].spatial_layer, 1);
  EXPECT_EQ(structure.target_layers[2].temporal_layer, 0);
  EXPECT_EQ(structure.resolution_count, 2);
  EXPECT_EQ(structure.resolutions[1], (Resolution{1280, 720}));
}

TEST(DependencyDescriptor, ThreeBytesNameATemplateOfTheLatestStructure) {
  const TemplateStructure latest = l2t2_key();
  TemplateStructure attached;
  const auto parsed = parse_dependency_descriptor(
      mandatory((kOffset + 5) % 64, 0xFFFF, false, true).bytes(), &latest, attached);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_FALSE(parsed->is_key_frame());
  EXPECT_FALSE(parsed->starts_frame);
  EXPECT_TRUE(parsed->ends_frame);
  EXPECT_EQ(parsed->frame_number, 0xFFFF);
  EXPECT_EQ(parsed->frame.spatial_layer, 1);
  EXPECT_EQ(parsed->frame.temporal_layer, 1);
  EXPECT_EQ(parsed->frame.indications[3], Discardable);
  EXPECT_EQ(parsed->frame.frame_diffs[0], 2);
  EXPECT_EQ(parsed->active_decode_targets, std::nullopt);
  EXPECT_EQ(parsed->resolution, (Resolution{1280, 720}));
}

TEST(DependencyDescriptor, CustomFieldsReplaceThoseOfTheTemplate) {
  const TemplateStructure latest = l2t2_key();
  BitWriter writer = mandatory(kOffset + 1, 7);
  extended(writer, {.active_targets = true, .indications = true, .diffs = true, .chains = true});
  writer.bits(0b0011, 4);
  for (const auto indication : {Required, Switch, Discardable, NotPresent})
    writer.bits(static_cast<std::uint32_t>(indication), 2);
  writer.bits(1, 2).bits(2, 4).bits(2, 2).bits(99, 8).bits(3, 2).bits(4095, 12).bits(0, 2);
  writer.bits(200, 8).bits(255, 8);
  TemplateStructure attached;
  const auto parsed = parse_dependency_descriptor(writer.bytes(), &latest, attached);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->active_decode_targets, 0b0011u);
  EXPECT_EQ(parsed->frame.indications[0], Required);
  EXPECT_EQ(parsed->frame.indications[3], NotPresent);
  ASSERT_EQ(parsed->frame.frame_diff_count, 3);
  EXPECT_EQ(parsed->frame.frame_diffs[0], 3);
  EXPECT_EQ(parsed->frame.frame_diffs[1], 100);
  EXPECT_EQ(parsed->frame.frame_diffs[2], 4096);
  EXPECT_EQ(parsed->frame.chain_diffs[0], 200);
  EXPECT_EQ(parsed->frame.chain_diffs[1], 255);
}

Result<DependencyDescriptor, DescriptorError> parse(const Buffer& value,
                                                    const TemplateStructure* latest = nullptr) {
  TemplateStructure attached;
  return parse_dependency_descriptor(value, latest, attached);
}

TEST(MalformedDescriptor, NeedsAStructureAndATemplateOfIt) {
  const TemplateStructure latest = l2t2_key();
  EXPECT_EQ(parse(mandatory(0, 1).bytes()).error(), DescriptorError::NoStructure);
  BitWriter custom = mandatory(0, 1);
  extended(custom, {.indications = true});
  EXPECT_EQ(parse(custom.bytes()).error(), DescriptorError::NoStructure);
  EXPECT_EQ(parse(mandatory(kOffset - 1, 1).bytes(), &latest).error(),
            DescriptorError::UnknownTemplate);
  EXPECT_EQ(parse(mandatory((kOffset + 6) % 64, 1).bytes(), &latest).error(),
            DescriptorError::UnknownTemplate);
}

TEST(MalformedDescriptor, CutAnywhereIsTruncated) {
  const TemplateStructure latest = l2t2_key();
  const Buffer whole = key_frame_descriptor();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Three bytes alone are a descriptor of their own.
    if (size == 3) continue;
    const auto parsed =
        parse(Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), &latest);
    ASSERT_FALSE(parsed.has_value()) << size;
    EXPECT_EQ(parsed.error(), DescriptorError::Truncated) << size;
  }
}

Buffer structure_of_layers(const std::vector<unsigned>& steps) {
  BitWriter writer = mandatory(0, 1);
  extended(writer, {.structure = true}).bits(0, 6).bits(0, 5);
  for (const unsigned step : steps) writer.bits(step, 2);
  for (int i = 0; i < 8; ++i) writer.bits(0, 32);
  return writer.bytes();
}

TEST(MalformedDescriptor, BoundsOfTemplatesAndLayersHold) {
  std::vector<unsigned> most(kMaxTemplates - 1, 0);
  most.push_back(3);
  EXPECT_TRUE(parse(structure_of_layers(most)).has_value());
  EXPECT_EQ(parse(structure_of_layers(std::vector<unsigned>(kMaxTemplates, 0))).error(),
            DescriptorError::TooManyTemplates);
  EXPECT_TRUE(parse(structure_of_layers({1, 1, 1, 1, 1, 1, 1, 3})).has_value());
  EXPECT_EQ(parse(structure_of_layers({1, 1, 1, 1, 1, 1, 1, 1, 3})).error(),
            DescriptorError::LayersOutOfRange);
  EXPECT_TRUE(parse(structure_of_layers({2, 2, 2, 3})).has_value());
  EXPECT_EQ(parse(structure_of_layers({2, 2, 2, 2, 3})).error(), DescriptorError::LayersOutOfRange);
}

TEST(MalformedDescriptor, ReferencesAreBounded) {
  const TemplateStructure latest = l2t2_key();
  for (const std::size_t count : {kMaxFrameDiffs, kMaxFrameDiffs + 1}) {
    BitWriter writer = mandatory(kOffset, 1);
    extended(writer, {.diffs = true});
    for (std::size_t i = 0; i < count; ++i) writer.bits(1, 2).bits(0, 4);
    const auto parsed = parse(writer.bits(0, 2).bytes(), &latest);
    EXPECT_EQ(parsed.has_value(), count == kMaxFrameDiffs);
    if (!parsed) {
      EXPECT_EQ(parsed.error(), DescriptorError::TooManyFrameDiffs);
    }
  }
}

}  // namespace
}  // namespace sfu::rtp::codec

#include "rtp/codec/dependency_descriptor.h"

#include <algorithm>
#include <span>

#include "rtp/codec/bit_reader.h"

namespace sfu::rtp::codec {
namespace {

constexpr std::size_t kMandatorySize = 3;
constexpr unsigned kTemplateIds = 64;  // Six bits, counted around.

enum class NextLayer : std::uint8_t { Same, NextTemporal, NextSpatial, NoMore };

using Failure = std::optional<DescriptorError>;

DecodeTargetIndication read_indication(BitReader& reader) {
  return static_cast<DecodeTargetIndication>(reader.bits(2));
}

/// template_layers(): a walk over the layers, each step two bits.
Failure read_template_layers(BitReader& reader, TemplateStructure& structure) {
  std::size_t spatial = 0;
  std::size_t temporal = 0;
  NextLayer next = NextLayer::Same;
  do {
    if (structure.template_count == kMaxTemplates) return DescriptorError::TooManyTemplates;
    FrameDependencies& made = structure.templates[structure.template_count++];
    made.spatial_layer = static_cast<std::uint8_t>(spatial);
    made.temporal_layer = static_cast<std::uint8_t>(temporal);
    next = static_cast<NextLayer>(reader.bits(2));
    if (next == NextLayer::NextTemporal) {
      if (++temporal == kMaxDescriptorTemporalLayers) return DescriptorError::LayersOutOfRange;
    } else if (next == NextLayer::NextSpatial) {
      temporal = 0;
      if (++spatial == kMaxDescriptorSpatialLayers) return DescriptorError::LayersOutOfRange;
    }
  } while (next != NextLayer::NoMore && !reader.ran_out());
  return std::nullopt;
}

/// template_fdiffs(): for each a flag that one follows, then four bits.
Failure read_template_diffs(BitReader& reader, FrameDependencies& made) {
  while (reader.flag()) {
    if (made.frame_diff_count == kMaxFrameDiffs) return DescriptorError::TooManyFrameDiffs;
    made.frame_diffs[made.frame_diff_count++] = static_cast<std::uint16_t>(reader.bits(4) + 1);
  }
  return std::nullopt;
}

Failure read_template_chains(BitReader& reader, TemplateStructure& structure) {
  structure.chain_count =
      static_cast<std::uint8_t>(reader.non_symmetric(structure.decode_target_count + 1u));
  if (structure.chain_count == 0) return std::nullopt;
  for (std::size_t target = 0; target < structure.decode_target_count; ++target)
    structure.protecting_chain[target] =
        static_cast<std::uint8_t>(reader.non_symmetric(structure.chain_count));
  for (std::size_t i = 0; i < structure.template_count; ++i)
    for (std::size_t chain = 0; chain < structure.chain_count; ++chain)
      structure.templates[i].chain_diffs[chain] = static_cast<std::uint8_t>(reader.bits(4));
  return std::nullopt;
}

/// decode_target_layers(): the highest layers among the templates that are part of the target.
void work_out_target_layers(TemplateStructure& structure) {
  for (std::size_t target = 0; target < structure.decode_target_count; ++target) {
    DecodeTargetLayers& layers = structure.target_layers[target];
    for (std::size_t i = 0; i < structure.template_count; ++i) {
      const FrameDependencies& made = structure.templates[i];
      if (made.indications[target] == DecodeTargetIndication::NotPresent) continue;
      layers.spatial_layer = std::max(layers.spatial_layer, made.spatial_layer);
      layers.temporal_layer = std::max(layers.temporal_layer, made.temporal_layer);
    }
  }
}

//  template_dependency_structure(), in bits:
//   id offset 6 | decode targets - 1, 5 | layers, 2 for each template | indications, 2 for each
//   template and target | frame diffs | chains | resolutions follow 1 | width - 1, height - 1, 16
//   each, for each spatial layer
Failure read_structure(BitReader& reader, TemplateStructure& structure) {
  structure = TemplateStructure{};
  structure.id_offset = static_cast<std::uint8_t>(reader.bits(6));
  structure.decode_target_count = static_cast<std::uint8_t>(reader.bits(5) + 1);
  if (const Failure failure = read_template_layers(reader, structure)) return failure;

  const auto templates = std::span(structure.templates).first(structure.template_count);
  for (FrameDependencies& made : templates)
    for (std::size_t target = 0; target < structure.decode_target_count; ++target)
      made.indications[target] = read_indication(reader);
  for (FrameDependencies& made : templates)
    if (const Failure failure = read_template_diffs(reader, made)) return failure;
  if (const Failure failure = read_template_chains(reader, structure)) return failure;
  work_out_target_layers(structure);

  if (reader.flag()) {
    structure.resolution_count = structure.spatial_layers();
    for (std::size_t layer = 0; layer < structure.resolution_count; ++layer) {
      // 65536 does not fit the type and no camera has it: it reads as 0.
      const auto width = static_cast<std::uint16_t>(reader.bits(16) + 1);
      structure.resolutions[layer] = {width, static_cast<std::uint16_t>(reader.bits(16) + 1)};
    }
  }
  if (reader.ran_out()) return DescriptorError::Truncated;
  return std::nullopt;
}

/// frame_fdiffs(): the size of the next one in half bytes, 0 at the end.
Failure read_frame_diffs(BitReader& reader, FrameDependencies& frame) {
  frame.frame_diff_count = 0;
  while (const unsigned half_bytes = reader.bits(2)) {
    if (frame.frame_diff_count == kMaxFrameDiffs) return DescriptorError::TooManyFrameDiffs;
    frame.frame_diffs[frame.frame_diff_count++] =
        static_cast<std::uint16_t>(reader.bits(4 * half_bytes) + 1);
  }
  return std::nullopt;
}

struct CustomFlags {
  bool indications = false;
  bool frame_diffs = false;
  bool chains = false;
};

/// frame_dependency_definition(): the template, and what this frame does differently.
Failure read_frame(BitReader& reader, const TemplateStructure& structure, CustomFlags custom,
                   DependencyDescriptor& descriptor) {
  const unsigned index =
      (descriptor.template_id + kTemplateIds - structure.id_offset) % kTemplateIds;
  if (index >= structure.template_count) return DescriptorError::UnknownTemplate;
  descriptor.frame = structure.templates[index];
  descriptor.decode_target_count = structure.decode_target_count;
  FrameDependencies& frame = descriptor.frame;

  if (custom.indications)
    for (std::size_t target = 0; target < structure.decode_target_count; ++target)
      frame.indications[target] = read_indication(reader);
  if (custom.frame_diffs)
    if (const Failure failure = read_frame_diffs(reader, frame)) return failure;
  if (custom.chains)
    for (std::size_t chain = 0; chain < structure.chain_count; ++chain)
      frame.chain_diffs[chain] = static_cast<std::uint8_t>(reader.bits(8));
  if (frame.spatial_layer < structure.resolution_count)
    descriptor.resolution = structure.resolutions[frame.spatial_layer];
  return std::nullopt;
}

std::uint32_t all_targets(std::size_t count) {
  return count >= 32 ? 0xFFFF'FFFFu : (1u << count) - 1;
}

}  // namespace

std::string_view to_string(DescriptorError error) {
  switch (error) {
    case DescriptorError::Truncated: return "descriptor runs past the end";
    case DescriptorError::NoStructure: return "no template structure is known";
    case DescriptorError::UnknownTemplate: return "template is not in the structure";
    case DescriptorError::TooManyTemplates: return "more than 64 templates";
    case DescriptorError::LayersOutOfRange: return "more layers than the format has";
    case DescriptorError::TooManyFrameDiffs: return "more references than are taken";
  }
  return "unknown";
}

std::uint8_t TemplateStructure::spatial_layers() const {
  return template_count == 0
             ? std::uint8_t{0}
             : static_cast<std::uint8_t>(templates[template_count - 1u].spatial_layer + 1);
}

std::uint8_t TemplateStructure::temporal_layers() const {
  std::uint8_t highest = 0;
  for (std::size_t i = 0; i < template_count; ++i)
    highest = std::max(highest, templates[i].temporal_layer);
  return template_count == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(highest + 1);
}

//  dependency_descriptor() (appendix A.8.3):
//
//   0                   1                   2
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |S|E|template id|         frame number          |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+   where there is more than these:
//  |T|A|D|F|C| structure if T, active targets if A,
//  +-+-+-+-+-+  then indications if D, frame diffs if F, chains if C, zeros
Result<DependencyDescriptor, DescriptorError> parse_dependency_descriptor(
    Bytes value, const TemplateStructure* latest, TemplateStructure& attached) {
  if (value.size() < kMandatorySize) return fail(DescriptorError::Truncated);
  BitReader reader(value);
  DependencyDescriptor descriptor;
  descriptor.starts_frame = reader.flag();
  descriptor.ends_frame = reader.flag();
  descriptor.template_id = static_cast<std::uint8_t>(reader.bits(6));
  descriptor.frame_number = static_cast<std::uint16_t>(reader.bits(16));

  const TemplateStructure* structure = latest;
  CustomFlags custom;
  if (value.size() > kMandatorySize) {
    descriptor.attaches_structure = reader.flag();
    const bool has_active_targets = reader.flag();
    custom.indications = reader.flag();
    custom.frame_diffs = reader.flag();
    custom.chains = reader.flag();
    if (descriptor.attaches_structure) {
      if (const Failure failure = read_structure(reader, attached)) return fail(*failure);
      structure = &attached;
      descriptor.active_decode_targets = all_targets(attached.decode_target_count);
    }
    if (!structure) return fail(DescriptorError::NoStructure);
    if (has_active_targets)
      descriptor.active_decode_targets = reader.bits(structure->decode_target_count);
  }
  if (!structure) return fail(DescriptorError::NoStructure);
  if (const Failure failure = read_frame(reader, *structure, custom, descriptor))
    return fail(*failure);
  if (reader.ran_out()) return fail(DescriptorError::Truncated);
  return descriptor;
}

}  // namespace sfu::rtp::codec

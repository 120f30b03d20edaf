#include <algorithm>
#include <array>

#include "fuzz/script.h"
#include "rtp/codec/av1.h"
#include "rtp/codec/dependency_descriptor.h"
#include "rtp/codec/h264.h"
#include "rtp/codec/h264_profile.h"
#include "rtp/codec/opus.h"
#include "rtp/codec/payload_info.h"
#include "rtp/codec/vp8.h"
#include "rtp/codec/vp9.h"

namespace {

using namespace sfu;
using namespace sfu::rtp::codec;

using sfu::fuzz::require;

/// Properties: the descriptor leaves a payload, and rewriting it to the same numbers changes
/// nothing.
void check_vp8(Bytes payload) {
  const auto parsed = parse_vp8(payload);
  if (!parsed) return;
  require(parsed->descriptor_size < payload.size());
  require(parsed->descriptor_size <= kMaxVp8DescriptorSize);
  std::array<std::uint8_t, kMaxVp8DescriptorSize> out{};
  rewrite_vp8_descriptor(payload, *parsed, parsed->picture_id.value_or(0x1234),
                         parsed->tl0_picture_index.value_or(0x56), out);
  require(std::ranges::equal(Bytes(out).first(parsed->descriptor_size),
                             payload.first(parsed->descriptor_size)));
}

void check_vp9(Bytes payload) {
  const auto parsed = parse_vp9(payload);
  if (!parsed) return;
  require(parsed->descriptor_size < payload.size());
  require(parsed->reference_count <= kMaxVp9ReferenceDiffs);
  require(!parsed->structure || parsed->structure->spatial_layers <= kMaxVp9SpatialLayers);
}

void check_frame(const FrameDependencies& frame) {
  require(frame.spatial_layer < kMaxDescriptorSpatialLayers);
  require(frame.temporal_layer < kMaxDescriptorTemporalLayers);
  require(frame.frame_diff_count <= kMaxFrameDiffs);
  for (std::size_t i = 0; i < frame.frame_diff_count; ++i)
    require(frame.frame_diffs[i] >= 1 && frame.frame_diffs[i] <= 4096);
}

/// Properties: all that is counted stays within its bound. The first byte splits the rest into two
/// descriptors of one stream, so that the second meets the structure that the first attached.
void check_descriptors(Bytes input) {
  if (input.empty()) return;
  const Bytes rest = input.subspan(1);
  const std::size_t split = std::min<std::size_t>(input[0], rest.size());
  TemplateStructure attached;
  const auto first = parse_dependency_descriptor(rest.first(split), nullptr, attached);
  if (!first) return;
  require(first->attaches_structure);
  require(attached.template_count >= 1 && attached.template_count <= kMaxTemplates);
  require(attached.decode_target_count >= 1 && attached.decode_target_count <= kMaxDecodeTargets);
  require(attached.chain_count <= kMaxChains);
  require(attached.resolution_count <= kMaxDescriptorSpatialLayers);
  for (std::size_t i = 0; i < attached.template_count; ++i) check_frame(attached.templates[i]);
  check_frame(first->frame);

  TemplateStructure newer;
  const auto second = parse_dependency_descriptor(rest.subspan(split), &attached, newer);
  if (!second) return;
  check_frame(second->frame);
  const auto info = inspect(Codec::Av1, rest, true, &*second);
  if (info) require(info->spatial_layer == second->frame.spatial_layer);
}

/// Property: a profile and level that was read is written and read back the same.
void check_profile(Bytes input) {
  const auto parsed = parse_profile_level_id(as_text(input));
  if (!parsed) return;
  const auto text = to_string(*parsed);
  require(text.has_value() && parse_profile_level_id(*text) == parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  check_vp8(input);
  check_vp9(input);
  check_descriptors(input);
  check_profile(input);
  parse_sps_resolution(input);
  if (const auto av1 = parse_av1(input)) require(av1->element_count <= kMaxAv1Elements);
  if (const auto opus = parse_opus(input))
    require(opus->duration() <= std::chrono::milliseconds(120));
  for (const Codec codec : {Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1})
    for (const bool marker : {false, true}) {
      const auto info = inspect(codec, input, marker);
      require(info.has_value() || size == 0 || info.error() != PayloadError::Empty);
    }
  return 0;
}

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/codec/payload_info.h"

namespace sfu::rtp::codec {

// Bounds of "RTP Payload Format for AV1", appendix A.8.
inline constexpr std::size_t kMaxTemplates = 64;
inline constexpr std::size_t kMaxDecodeTargets = 32;
inline constexpr std::size_t kMaxChains = 32;
inline constexpr std::size_t kMaxDescriptorSpatialLayers = 4;
inline constexpr std::size_t kMaxDescriptorTemporalLayers = 8;
/// References of one frame. The format has no bound of its own; AV1 has 7 reference slots.
inline constexpr std::size_t kMaxFrameDiffs = 8;

/// What a frame is to a decode target (A.8.1).
enum class DecodeTargetIndication : std::uint8_t { NotPresent, Discardable, Switch, Required };

enum class DescriptorError : std::uint8_t {
  Truncated,
  NoStructure,  // A template is named, but no structure was passed or attached.
  UnknownTemplate,
  TooManyTemplates,
  LayersOutOfRange,
  TooManyFrameDiffs,
};

std::string_view to_string(DescriptorError error);

struct FrameDependencies {
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  std::array<DecodeTargetIndication, kMaxDecodeTargets> indications{};  // By decode target.
  std::uint8_t frame_diff_count = 0;
  std::array<std::uint16_t, kMaxFrameDiffs> frame_diffs{};  // How many frames back; 1 to 4096.
  std::array<std::uint8_t, kMaxChains> chain_diffs{};       // By chain; 0: none since the start.
};

/// The highest layers of a decode target, worked out of the templates (A.8.2).
struct DecodeTargetLayers {
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  friend bool operator==(const DecodeTargetLayers&, const DecodeTargetLayers&) = default;
};

/// The template dependency structure that a key frame's descriptor attaches (A.8.2); later
/// descriptors of the stream refer to it.
struct TemplateStructure {
  std::uint8_t id_offset = 0;
  std::uint8_t template_count = 0;
  std::uint8_t decode_target_count = 0;
  std::uint8_t chain_count = 0;
  std::array<FrameDependencies, kMaxTemplates> templates{};
  std::array<std::uint8_t, kMaxDecodeTargets> protecting_chain{};  // By decode target.
  std::array<DecodeTargetLayers, kMaxDecodeTargets> target_layers{};
  std::uint8_t resolution_count = 0;  // By spatial layer; 0 where none are given.
  std::array<Resolution, kMaxDescriptorSpatialLayers> resolutions{};

  std::uint8_t spatial_layers() const;
  std::uint8_t temporal_layers() const;
};

struct DependencyDescriptor {
  bool starts_frame = false;
  bool ends_frame = false;
  std::uint8_t template_id = 0;
  std::uint16_t frame_number = 0;
  bool attaches_structure = false;
  std::optional<std::uint32_t> active_decode_targets = {};  // A bit for each, the first in bit 0.
  std::uint8_t decode_target_count = 0;
  FrameDependencies frame;
  std::optional<Resolution> resolution = {};  // Of the frame's spatial layer.

  bool is_key_frame() const { return attaches_structure; }
};

/// Keeps no state: `latest` is the structure that came last on this stream, or null; where this
/// descriptor attaches one, it is written to `attached` and attaches_structure is set (after an
/// error `attached` is unspecified). The value is the extension's. Allocates nothing.
Result<DependencyDescriptor, DescriptorError> parse_dependency_descriptor(
    Bytes value, const TemplateStructure* latest, TemplateStructure& attached);

}  // namespace sfu::rtp::codec

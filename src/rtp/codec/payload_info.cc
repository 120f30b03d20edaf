#include "rtp/codec/payload_info.h"

#include <algorithm>
#include <span>

#include "rtp/codec/av1.h"
#include "rtp/codec/dependency_descriptor.h"
#include "rtp/codec/h264.h"
#include "rtp/codec/opus.h"
#include "rtp/codec/vp8.h"
#include "rtp/codec/vp9.h"

namespace sfu::rtp::codec {
namespace {

PayloadInfo info_of(const OpusPayload& parsed) {
  return {.is_key_frame_start = true,
          .is_frame_start = true,
          .is_frame_end = true,
          .is_discardable = true,
          .is_dtx = parsed.is_dtx};
}

PayloadInfo info_of(const Vp8Payload& parsed, bool marker) {
  const bool is_key_frame_start = parsed.starts_frame() && parsed.is_key_frame;
  const std::uint8_t temporal_layer = parsed.temporal_layer.value_or(0);
  return {.is_key_frame_start = is_key_frame_start,
          .is_frame_start = parsed.starts_frame(),
          .is_frame_end = marker,
          .temporal_layer = temporal_layer,
          .is_temporal_switch_point = temporal_layer == 0 || parsed.layer_sync,
          .is_spatial_switch_point = is_key_frame_start,
          .is_discardable = parsed.non_reference,
          .resolution = parsed.resolution};
}

PayloadInfo info_of(const Vp9Payload& parsed) {
  PayloadInfo info{
      .is_key_frame_start = parsed.starts_key_frame(),
      .is_frame_start = parsed.starts_layer_frame,
      .is_frame_end = parsed.ends_layer_frame,
      .spatial_layer = parsed.spatial_layer,
      .temporal_layer = parsed.temporal_layer,
      .is_temporal_switch_point = parsed.temporal_layer == 0 || parsed.temporal_switch_point,
      .is_spatial_switch_point = !parsed.inter_picture_predicted && parsed.starts_layer_frame};
  if (parsed.structure && parsed.structure->has_resolutions)
    info.resolution = parsed.structure->resolutions[parsed.structure->spatial_layers - 1u];
  return info;
}

PayloadInfo info_of(const H264Payload& parsed, bool marker) {
  const bool is_key_frame_start = parsed.has_sps || (parsed.has_idr && parsed.starts_picture);
  return {.is_key_frame_start = is_key_frame_start,
          .is_frame_start = is_key_frame_start || parsed.starts_picture,
          .is_frame_end = marker,
          .is_temporal_switch_point = true,
          .is_spatial_switch_point = is_key_frame_start,
          .is_discardable = parsed.has_slice && !parsed.is_reference,
          .resolution = parsed.resolution};
}

PayloadInfo info_of(const Av1Payload& parsed, bool marker) {
  return {.is_key_frame_start = parsed.starts_coded_sequence,
          .is_frame_start = !parsed.continues_element,
          .is_frame_end = marker,
          .spatial_layer = parsed.spatial_layer,
          .temporal_layer = parsed.temporal_layer,
          .is_temporal_switch_point = parsed.temporal_layer == 0,
          .is_spatial_switch_point = parsed.starts_coded_sequence};
}

void refine(PayloadInfo& info, const DependencyDescriptor& descriptor) {
  const FrameDependencies& frame = descriptor.frame;
  const auto indications = std::span(frame.indications).first(descriptor.decode_target_count);
  const auto diffs = std::span(frame.frame_diffs).first(frame.frame_diff_count);
  const bool switches =
      std::ranges::find(indications, DecodeTargetIndication::Switch) != indications.end();
  // Frames of one picture are numbered in a row, so a reference within it is not further back than
  // the lower layers are many.
  const bool refers_within_picture =
      std::ranges::all_of(diffs, [&](std::uint16_t diff) { return diff <= frame.spatial_layer; });

  info.is_key_frame_start = descriptor.is_key_frame() && descriptor.starts_frame;
  info.is_frame_start = descriptor.starts_frame;
  info.is_frame_end = descriptor.ends_frame;
  info.spatial_layer = frame.spatial_layer;
  info.temporal_layer = frame.temporal_layer;
  info.is_temporal_switch_point = frame.temporal_layer == 0 || switches;
  info.is_spatial_switch_point = switches && refers_within_picture && descriptor.starts_frame;
  info.is_discardable = std::ranges::all_of(indications, [](DecodeTargetIndication indication) {
    return indication == DecodeTargetIndication::Discardable ||
           indication == DecodeTargetIndication::NotPresent;
  });
  if (descriptor.resolution && descriptor.is_key_frame()) info.resolution = descriptor.resolution;
}

Result<PayloadInfo, PayloadError> inspect_payload(Codec codec, Bytes payload, bool marker) {
  switch (codec) {
    case Codec::Opus:
      return parse_opus(payload).map([](const OpusPayload& parsed) { return info_of(parsed); });
    case Codec::Vp8:
      return parse_vp8(payload).map([&](const Vp8Payload& p) { return info_of(p, marker); });
    case Codec::Vp9:
      return parse_vp9(payload).map([](const Vp9Payload& parsed) { return info_of(parsed); });
    case Codec::H264:
      return parse_h264(payload).map([&](const H264Payload& p) { return info_of(p, marker); });
    case Codec::Av1:
      return parse_av1(payload).map([&](const Av1Payload& p) { return info_of(p, marker); });
  }
  return fail(PayloadError::UnknownType);
}

}  // namespace

std::string_view to_string(PayloadError error) {
  switch (error) {
    case PayloadError::Empty: return "payload is empty";
    case PayloadError::Truncated: return "descriptor runs past the end";
    case PayloadError::Contradiction: return "fields exclude each other or are reserved";
    case PayloadError::TooManyElements: return "more elements than a packet may have";
    case PayloadError::UnknownType: return "packetization that is not taken";
  }
  return "unknown";
}

Result<PayloadInfo, PayloadError> inspect(Codec codec, Bytes payload, bool marker,
                                          const DependencyDescriptor* descriptor) {
  auto info = inspect_payload(codec, payload, marker);
  if (info && descriptor) refine(*info, *descriptor);
  return info;
}

}  // namespace sfu::rtp::codec

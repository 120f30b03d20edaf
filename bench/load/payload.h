#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "load/stamp.h"

namespace sfu::load {

/// A VP8 descriptor (RFC 7741 §4.2) with a picture id of 15 bits, TL0PICIDX and TID.
inline constexpr std::size_t kVp8DescriptorSize = 6;
/// The smallest payloads that hold a stamp.
inline constexpr std::size_t kMinVideoPayload = kVp8DescriptorSize + 10 + kStampSize;
inline constexpr std::size_t kMinAudioPayload = 1 + kStampSize;

struct VideoNumbers {
  std::uint16_t picture_id = 0;
  std::uint8_t tl0_picture_index = 0;
};

/// Fills `out`, at least kMinVideoPayload, with what a forwarder takes for VP8.
void write_video_payload(const Stamp& stamp, const VideoNumbers& numbers, MutableBytes out);
/// Fills `out`, at least kMinAudioPayload, with what a forwarder takes for opus.
void write_audio_payload(const Stamp& stamp, MutableBytes out);

struct ReadPayload {
  Stamp stamp;
  VideoNumbers numbers;  // As a server may have changed them. Video only.
};
/// Nothing where what no server may change has changed.
std::optional<ReadPayload> read_video_payload(Bytes payload);
std::optional<ReadPayload> read_audio_payload(Bytes payload);

}  // namespace sfu::load

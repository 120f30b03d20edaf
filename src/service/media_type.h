#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ortc/parameters.h"

namespace sfu::service {

/// The four things that one person can send, each once.
enum class MediaType : std::uint8_t { Audio, Video, ScreenVideo, ScreenAudio };
inline constexpr std::size_t kMediaTypes = 4;
inline constexpr std::array kAllMediaTypes = {MediaType::Audio, MediaType::Video,
                                              MediaType::ScreenVideo, MediaType::ScreenAudio};

constexpr std::string_view to_string(MediaType type) {
  constexpr std::array<std::string_view, kMediaTypes> kNames = {"audio", "video", "screen-video",
                                                                "screen-audio"};
  return kNames[static_cast<std::size_t>(type)];
}

/// The name of the type's field in statistics.
constexpr std::string_view stats_key(MediaType type) {
  constexpr std::array<std::string_view, kMediaTypes> kNames = {"audio", "video", "screenVideo",
                                                                "screenAudio"};
  return kNames[static_cast<std::size_t>(type)];
}

constexpr std::optional<MediaType> parse_media_type(std::string_view text) {
  for (const MediaType type : kAllMediaTypes)
    if (to_string(type) == text) return type;
  return std::nullopt;
}

constexpr MediaType media_type_of(ortc::MediaKind kind, bool is_screen) {
  if (kind == ortc::MediaKind::Audio) return is_screen ? MediaType::ScreenAudio : MediaType::Audio;
  return is_screen ? MediaType::ScreenVideo : MediaType::Video;
}

}  // namespace sfu::service

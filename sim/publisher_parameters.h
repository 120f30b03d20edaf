#pragma once

#include <string>
#include <string_view>

#include "ortc/parameters.h"

namespace sfu::sim {

/// What a browser that takes the router's payload types and extension ids as they are would send:
/// video with RTX, or opus. Without encodings: their SSRCs are the caller's to choose.
ortc::RtpParameters publisher_parameters(ortc::MediaKind kind, std::string mid,
                                         std::string_view video_codec = "video/VP8");

}  // namespace sfu::sim

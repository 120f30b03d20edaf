#include "rtp/header_extensions.h"

#include <algorithm>

namespace sfu::rtp {
namespace {

// By ExtensionKind.
constexpr std::array<std::string_view, kExtensionKinds> kUris = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
    "urn:ietf:params:rtp-hdrext:toffset",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
};

}  // namespace

std::string_view uri_of(ExtensionKind kind) { return kUris[static_cast<std::size_t>(kind)]; }

std::optional<ExtensionKind> kind_of(std::string_view uri) {
  const auto found = std::find(kUris.begin(), kUris.end(), uri);
  if (found == kUris.end()) return std::nullopt;
  return static_cast<ExtensionKind>(found - kUris.begin());
}

bool ExtensionMap::add(std::uint8_t id, ExtensionKind kind_to_add) {
  if (id == 0 || has(kind_to_add) || kind(id)) return false;
  ids_[static_cast<std::size_t>(kind_to_add)] = id;
  return true;
}

std::optional<ExtensionKind> ExtensionMap::kind(std::uint8_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = std::find(ids_.begin(), ids_.end(), id);
  if (found == ids_.end()) return std::nullopt;
  return static_cast<ExtensionKind>(found - ids_.begin());
}

}  // namespace sfu::rtp

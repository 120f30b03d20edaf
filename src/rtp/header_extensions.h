#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sfu::rtp {

/// The header extensions that the server knows; each is signaled by its URI (RFC 8285 §5).
enum class ExtensionKind : std::uint8_t {
  Mid,                   // RFC 9143 §15
  Rid,                   // RFC 8852 §4.1
  RepairedRid,           // RFC 8852 §4.2
  AbsSendTime,           // webrtc.org abs-send-time
  TransportCc,           // draft-holmer-rmcat-transport-wide-cc-extensions-01 §2
  AudioLevel,            // RFC 6464
  VideoOrientation,      // 3GPP TS 26.114 §7.4.5
  TimeOffset,            // RFC 5450
  AbsCaptureTime,        // webrtc.org abs-capture-time
  PlayoutDelay,          // webrtc.org playout-delay
  DependencyDescriptor,  // AV1 RTP specification, appendix A
};
inline constexpr std::size_t kExtensionKinds = 11;

std::string_view uri_of(ExtensionKind kind);
std::optional<ExtensionKind> kind_of(std::string_view uri);

/// Above this id an element needs the two-byte form (RFC 8285 §4.2: 15 is reserved).
inline constexpr std::uint8_t kMaxOneByteId = 14;

/// Which id stands for which kind on one transport or stream.
class ExtensionMap {
 public:
  /// False, with nothing changed, where id is 0, or id or kind is taken by another pair.
  bool add(std::uint8_t id, ExtensionKind kind);

  std::optional<ExtensionKind> kind(std::uint8_t id) const;
  /// 0 where the kind is not mapped.
  std::uint8_t id(ExtensionKind kind) const { return ids_[static_cast<std::size_t>(kind)]; }
  bool has(ExtensionKind kind) const { return id(kind) != 0; }

  friend bool operator==(const ExtensionMap&, const ExtensionMap&) = default;

 private:
  std::array<std::uint8_t, kExtensionKinds> ids_{};  // 0: not mapped.
};

}  // namespace sfu::rtp

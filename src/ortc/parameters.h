#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.h"

namespace sfu::ortc {

// mediasoup's model of RTP capabilities and parameters: the same names and shapes, so that what
// mediasoup-client sends and expects maps onto it one to one. JSON is in ortc/json.h.

enum class MediaKind : std::uint8_t { Audio, Video };

/// The value of a codec parameter ("a=fmtp"): a number where it reads as one, else text.
using ParameterValue = std::variant<std::int64_t, std::string>;
using CodecSpecificParameters = std::map<std::string, ParameterValue>;

struct RtcpFeedback {
  std::string type;       // "nack", "ccm", "transport-cc", "goog-remb"
  std::string parameter;  // "", "pli", "fir"
  friend bool operator==(const RtcpFeedback&, const RtcpFeedback&) = default;
};

/// A codec as it can be spoken (in capabilities). RTX is a codec of its own that names the payload
/// type that it repairs in its "apt" parameter (RFC 4588).
struct RtpCodecCapability {
  MediaKind kind = MediaKind::Audio;
  std::string mime_type;  // "video/VP8", compared without regard to case.
  std::uint8_t preferred_payload_type = 0;
  std::uint32_t clock_rate = 0;
  std::uint8_t channels = 1;  // Audio only.
  CodecSpecificParameters parameters;
  std::vector<RtcpFeedback> rtcp_feedback;
};

enum class ExtensionDirection : std::uint8_t { SendRecv, SendOnly, RecvOnly, Inactive };

struct RtpHeaderExtensionCapability {
  MediaKind kind = MediaKind::Audio;
  std::string uri;
  std::uint8_t preferred_id = 0;
  bool preferred_encrypt = false;
  ExtensionDirection direction = ExtensionDirection::SendRecv;
};

struct RtpCapabilities {
  std::vector<RtpCodecCapability> codecs;
  std::vector<RtpHeaderExtensionCapability> header_extensions;
};

/// A codec as it is spoken (in parameters).
struct RtpCodecParameters {
  std::string mime_type;
  std::uint8_t payload_type = 0;
  std::uint32_t clock_rate = 0;
  std::uint8_t channels = 1;
  CodecSpecificParameters parameters;
  std::vector<RtcpFeedback> rtcp_feedback;
};

struct RtpHeaderExtensionParameters {
  std::string uri;
  std::uint8_t id = 0;
  bool encrypt = false;
};

struct RtpEncodingParameters {
  std::optional<Ssrc> ssrc;
  std::optional<std::string> rid;
  std::optional<std::uint8_t> codec_payload_type;
  std::optional<Ssrc> rtx_ssrc;
  bool dtx = false;
  std::optional<std::string> scalability_mode;  // "L3T3_KEY", "S3T3"
  std::optional<std::uint32_t> max_bitrate_bps;
  std::optional<double> scale_resolution_down_by;
};

struct RtcpParameters {
  std::string cname;
  bool reduced_size = true;
};

struct RtpParameters {
  std::optional<std::string> mid;
  std::optional<std::string> msid;
  std::vector<RtpCodecParameters> codecs;
  std::vector<RtpHeaderExtensionParameters> header_extensions;
  std::vector<RtpEncodingParameters> encodings;
  RtcpParameters rtcp;
};

/// How one producer's payload types become the router's, under which its consumers get them. (In
/// mediasoup's mapping the SSRCs of encodings stand too: here each consumer chooses its own.)
struct RtpMapping {
  struct Codec {
    std::uint8_t payload_type = 0;         // The producer's.
    std::uint8_t mapped_payload_type = 0;  // The router's.
  };
  std::vector<Codec> codecs;
};

}  // namespace sfu::ortc

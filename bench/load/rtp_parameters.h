#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "load/client_transport.h"
#include "rtp/header_extensions.h"

namespace sfu::load {

/// Numbers that Chromium gives what it sends.
inline constexpr std::uint8_t kVp8PayloadType = 96;
inline constexpr std::uint8_t kRtxPayloadType = 97;
inline constexpr std::uint8_t kOpusPayloadType = 111;
rtp::ExtensionMap video_extensions();
rtp::ExtensionMap audio_extensions();

struct SentEncoding {
  Ssrc ssrc;
  Ssrc rtx_ssrc;    // Video only.
  std::string rid;  // With more than one encoding; SSRCs are then not signaled.
};

/// The payload of create-producer for a camera or microphone of Chromium.
boost::json::object producer_request(bool is_audio, const std::string& mid,
                                     const std::string& cname,
                                     const std::vector<SentEncoding>& encodings);

/// What a browser can receive of what the router offers: VP8 with RTX, and opus.
boost::json::object receive_capabilities(const boost::json::object& router_capabilities);

/// A new-consumer event, as far as a viewer needs it.
struct ConsumerOffer {
  std::string consumer_id;
  std::string participant_id;
  bool is_audio = false;
  Ssrc ssrc = {};
  Ssrc rtx_ssrc = {};
  std::uint8_t payload_type = 0;
  std::uint8_t rtx_payload_type = 0;
  std::string mid;
  std::uint8_t mid_id = 0;
  std::uint8_t transport_cc_id = 0;
};
/// Nothing where the event lacks what a browser could not do without.
std::optional<ConsumerOffer> read_new_consumer(const boost::json::value& event);

/// The server's end of a transport, of its UDP candidates the one at `preferred` or else the one of
/// the highest priority; or what is missing in the reply to create-webrtc-transport.
Result<ClientTransport::Remote, std::string> read_transport(const boost::json::object& reply,
                                                            const IpAddress& preferred);

/// The payload of connect-webrtc-transport: the client sends the ClientHello.
boost::json::object connect_request(const std::string& direction,
                                    const std::string& sha256_fingerprint);

}  // namespace sfu::load

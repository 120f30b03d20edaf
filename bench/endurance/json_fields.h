#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "ortc/parameters.h"
#include "rtp/header_extensions.h"
#include "sim/peer_channel.h"

namespace sfu::endurance {

/// Of what a server sends: nothing is taken for granted.
std::string text_at(const boost::json::object& in, std::string_view key);
bool flag_at(const boost::json::object& in, std::string_view key);
const boost::json::object* object_at(const boost::json::object& in, std::string_view key);
/// The elements of an array, or an empty one.
const boost::json::array& array_at(const boost::json::object& in, std::string_view key);

/// The server's end of a transport: where it is reached by each protocol, and by what names.
struct TransportOffer {
  Endpoint udp, tcp;  // Port 0 where there is none.
  sim::PeerChannel::Remote remote;
};
/// Nothing where the reply to create-webrtc-transport lacks what a browser needs.
std::optional<TransportOffer> read_offer(const boost::json::object& reply);

/// What a browser sends with a track.
ortc::RtpParameters publishing(bool is_video, const std::string& mid, Ssrc ssrc);
rtp::ExtensionMap extensions_of(const ortc::RtpParameters& parameters);
/// Between two frames of it.
TimeDelta frame_interval(std::string_view media);

}  // namespace sfu::endurance

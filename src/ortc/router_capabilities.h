#pragma once

#include "ortc/parameters.h"

namespace sfu::ortc {

/// What every router of this server speaks: the codecs in order of preference, each video codec
/// with its RTX, and the header extensions. Payload types and ids are the ones that MeetLite's
/// clients have always seen, so that captures stay comparable.
const RtpCapabilities& router_capabilities();

}  // namespace sfu::ortc

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ortc/parameters.h"

namespace sfu::ortc {

/// Why RTP parameters are refused, with a line that names what is wrong.
struct ParametersError {
  enum class Kind : std::uint8_t {
    Invalid,      // They contradict themselves: two codecs of one payload type.
    Unsupported,  // They are sound, but the router does not speak them.
  };
  Kind kind = Kind::Invalid;
  std::string detail;
};

enum class ProducerType : std::uint8_t {
  Simple,     // One stream, at most with temporal layers.
  Simulcast,  // Several encodings, each a stream.
  Svc,        // One stream with several spatial layers.
};

/// A producer's parameters as the server uses them.
struct ProducerParameters {
  RtpParameters own;         // As the client sends, completed: at least one encoding, a cname.
  RtpMapping mapping;        // From its payload types to the router's.
  RtpParameters consumable;  // The same media in the router's payload types and extension ids.
  ProducerType type = ProducerType::Simple;
};

/// Checks `parameters` against what the router speaks and completes them. `cname` replaces theirs:
/// all producers of a transport share one.
Result<ProducerParameters, ParametersError> complete_producer_parameters(
    MediaKind kind, RtpParameters parameters, const RtpCapabilities& router,
    std::string_view cname);

struct ScalabilityMode {
  std::uint8_t spatial_layers = 1;
  std::uint8_t temporal_layers = 1;
  bool k_svc = false;
};
/// Reads "L3T3_KEY" or "S2T1" (W3C webrtc-svc §5); anything else is one layer of each.
ScalabilityMode parse_scalability_mode(std::string_view mode);

}  // namespace sfu::ortc

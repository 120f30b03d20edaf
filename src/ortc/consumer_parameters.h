#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/random.h"
#include "ortc/parameters.h"

namespace sfu::ortc {

/// Hands out the SSRCs of a router's consumers: no two alike, and none that mediasoup-client keeps
/// for itself.
class SsrcAllocator {
 public:
  explicit SsrcAllocator(RandomSource& random) : random_(random) {}

  Ssrc take();
  void give_back(Ssrc ssrc) { taken_.erase(ssrc); }
  std::size_t in_use() const { return taken_.size(); }

 private:
  RandomSource& random_;
  std::set<Ssrc> taken_;
};

/// True where a client with these capabilities can decode what the producer sends.
bool can_consume(const RtpParameters& consumable, const RtpCapabilities& client);

/// True where a consumer for this client has RTX.
bool consumes_with_rtx(const RtpParameters& consumable, const RtpCapabilities& client);

/// The parameters of a consumer: the router's payload types and extension ids, only what the client
/// can handle, and one encoding with `ssrc`, also where the producer is simulcast. `rtx_ssrc` is
/// set exactly where consumes_with_rtx(). None where the client cannot consume it.
std::optional<RtpParameters> make_consumer_parameters(const RtpParameters& consumable,
                                                      const RtpCapabilities& client,
                                                      std::string mid, Ssrc ssrc,
                                                      std::optional<Ssrc> rtx_ssrc);

}  // namespace sfu::ortc

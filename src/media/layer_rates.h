#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "media/rate_counter.h"
#include "media/stats.h"

namespace sfu::media {

/// How much comes of each layer of one stream.
class LayerRates {
 public:
  /// What comes of more layers is not told apart from the last one.
  static constexpr std::size_t kMaxLayers = 16;

  void add(Timestamp now, std::uint8_t spatial, std::uint8_t temporal, std::size_t bytes);
  /// From the lowest layer on.
  std::vector<LayerBitrate> bitrates(Timestamp now) const;

 private:
  struct Layer {
    std::uint8_t spatial;
    std::uint8_t temporal;
    RateCounter rate;
  };

  std::vector<Layer> layers_;  // In the order in which they came.
};

}  // namespace sfu::media

#include "media/layer_rates.h"

#include <algorithm>

namespace sfu::media {

void LayerRates::add(Timestamp now, std::uint8_t spatial, std::uint8_t temporal,
                     std::size_t bytes) {
  for (Layer& layer : layers_)
    if (layer.spatial == spatial && layer.temporal == temporal) return layer.rate.add(now, bytes);
  if (layers_.size() < kMaxLayers) layers_.push_back({spatial, temporal, {}});
  layers_.back().rate.add(now, bytes);
}

std::vector<LayerBitrate> LayerRates::bitrates(Timestamp now) const {
  std::vector<LayerBitrate> bitrates;
  for (const Layer& layer : layers_) {
    LayerBitrate told{layer.spatial, layer.temporal, 0};
    if (layer.rate.rate(now).bps() > 0)
      for (const Layer& below : layers_)
        if (below.spatial < layer.spatial ||
            (below.spatial == layer.spatial && below.temporal <= layer.temporal))
          told.bps += static_cast<std::uint64_t>(below.rate.rate(now).bps());
    bitrates.push_back(told);
  }
  std::ranges::sort(bitrates, [](const LayerBitrate& a, const LayerBitrate& b) {
    return a.spatial_layer != b.spatial_layer ? a.spatial_layer < b.spatial_layer
                                              : a.temporal_layer < b.temporal_layer;
  });
  return bitrates;
}

}  // namespace sfu::media

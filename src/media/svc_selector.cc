#include <algorithm>

#include "media/layer_selector.h"

namespace sfu::media {
namespace {

/// The decode target that has the most within `layers` (AV1 RTP specification A.8.2).
std::optional<std::size_t> decode_target(const SourceStream& stream, Layers layers) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < stream.target_count; ++i) {
    const auto& target = stream.targets[i];
    if (target.spatial_layer > layers.spatial || target.temporal_layer > layers.temporal) continue;
    if (found) {
      const auto& other = stream.targets[*found];
      if (target.spatial_layer < other.spatial_layer) continue;
      if (target.spatial_layer == other.spatial_layer &&
          target.temporal_layer <= other.temporal_layer)
        continue;
    }
    found = i;
  }
  return found;
}

}  // namespace

void SvcSelector::set_target(Layers target) {
  target_ = target;
  temporal_.set_target(target.temporal);
}

void SvcSelector::stop() {
  started_ = false;
  in_key_picture_ = false;
}

std::uint8_t SvcSelector::best(Timestamp now, const Source& source) const {
  const SourceStream& stream = source.stream(0);
  for (int layer = std::min<int>(target_.spatial, kMaxSpatialLayers - 1); layer > 0; --layer) {
    const auto& last = stream.layer_last_media[static_cast<std::size_t>(layer)];
    if (last && now - *last < kLayerSilence) return static_cast<std::uint8_t>(layer);
  }
  const auto& base = stream.layer_last_media[0];
  if (base && now - *base < kLayerSilence) return 0;
  // Where all is silent the sender rests, and goes on with the layers it has.
  return std::min(spatial_, target_.spatial);
}

void SvcSelector::begin_picture(const ReceivedPacket& packet) {
  timestamp_ = packet.view.timestamp();
  if (in_key_picture_) spatial_ = std::min(spatial_, key_picture_top_);
  in_key_picture_ = packet.info.is_key_frame_start;
  if (in_key_picture_) {
    spatial_ = target_.spatial;
    key_picture_top_ = 0;
    temporal_.start(timestamp_);
  } else if (!is_key_svc_) {
    spatial_ = std::min(spatial_, target_.spatial);
  }
}

Choice SvcSelector::choose(Timestamp now, const ReceivedPacket& packet, const Source& source) {
  Choice choice;
  const bool starts = !started_;
  if (starts && !packet.info.is_key_frame_start) return choice;
  started_ = true;

  const Layers before = limits();
  const bool was_key_picture = in_key_picture_;
  if (starts || packet.view.timestamp() != timestamp_) begin_picture(packet);
  temporal_.handle_packet(packet);
  const std::uint8_t spatial = packet.info.spatial_layer;
  if (in_key_picture_) {
    if (spatial <= spatial_) key_picture_top_ = std::max(key_picture_top_, spatial);
  } else if (spatial == spatial_ + 1 && spatial <= target_.spatial &&
             packet.info.is_spatial_switch_point && packet.info.is_frame_start && !is_key_svc_) {
    spatial_ = spatial;
  }
  choice.changed = starts || limits() != before || was_key_picture != in_key_picture_ ||
                   (spatial > spatial_ && wanted(now, source) != 0);
  if (starts)
    choice.verdict = Choice::Verdict::Start;
  else if (includes(packet, source, limits()))
    choice.verdict = Choice::Verdict::Forward;
  choice.layers = limits();
  choice.ends_picture = ends_picture(packet, choice.layers);
  return choice;
}

bool SvcSelector::includes(const ReceivedPacket& packet, const Source& source,
                           Layers layers) const {
  if (packet.targets)
    if (const auto target = decode_target(source.stream(packet.stream), layers))
      return (packet.targets->members >> *target & 1) != 0;
  const std::uint8_t spatial = packet.info.spatial_layer;
  if (spatial > layers.spatial || packet.info.temporal_layer > layers.temporal) return false;
  const bool is_key_picture = packet.vp9 && !packet.vp9->inter_picture_predicted;
  return !is_key_svc_ || is_key_picture || spatial == layers.spatial;
}

std::optional<Layers> SvcSelector::layers() const {
  if (!started_ || in_key_picture_) return std::nullopt;
  return limits();
}

std::uint32_t SvcSelector::wanted(Timestamp now, const Source& source) const {
  if (!started_) return 1;
  if (in_key_picture_) return 0;
  const std::uint8_t aim = best(now, source);
  return aim > spatial_ || (is_key_svc_ && aim < spatial_) ? 1 : 0;
}

std::optional<Timestamp> SvcSelector::check_silence(Timestamp now, const Source& source) {
  if (!started_) return std::nullopt;
  const auto& last = source.stream(0).layer_last_media[spatial_];
  if (last && now - *last < kLayerSilence) return *last + kLayerSilence;
  if (!is_key_svc_ && !in_key_picture_) spatial_ = std::min(spatial_, best(now, source));
  return now + kLayerSilence;
}

}  // namespace sfu::media

#include <algorithm>

#include "media/layer_selector.h"

namespace sfu::media {
namespace {

bool came_lately(Timestamp now, const SourceStream& stream) {
  return stream.last_media && now - *stream.last_media < kLayerSilence;
}

bool all_rest(Timestamp now, const Source& source) {
  for (std::size_t i = 0; i < source.stream_count(); ++i)
    if (came_lately(now, source.stream(i))) return false;
  return true;
}

bool is_silent(Timestamp now, std::size_t index, const Source& source) {
  const SourceStream& stream = source.stream(index);
  if (came_lately(now, stream)) return false;
  if (!stream.last_media) return true;
  for (std::size_t i = 0; i < source.stream_count(); ++i) {
    const auto& later = source.stream(i).previous_picture_began;
    if (i != index && later && *later - *stream.last_media >= kStreamSkew) return true;
  }
  return false;
}

}  // namespace

void TemporalFilter::handle_packet(const ReceivedPacket& packet) {
  const std::uint8_t layer = packet.info.temporal_layer;
  if (packet.view.timestamp() != timestamp_) {
    timestamp_ = packet.view.timestamp();
    current_ = std::min(current_, target_);
  }
  if (layer > current_ && layer <= target_ && packet.info.is_frame_start &&
      packet.info.is_temporal_switch_point)
    current_ = layer;
}

void SimulcastSelector::set_target(Layers target) {
  target_ = target;
  temporal_.set_target(target.temporal);
}

std::uint8_t SimulcastSelector::top(const Source& source) const {
  return std::min(target_.spatial, static_cast<std::uint8_t>(source.stream_count() - 1));
}

std::uint8_t SimulcastSelector::best(Timestamp now, const Source& source) const {
  const std::uint8_t highest = top(source);
  const bool keeps_current = current_ && *current_ <= highest;
  if (keeps_current && all_rest(now, source)) return *current_;
  for (int stream = highest; stream >= 0; --stream)
    if (!is_silent(now, static_cast<std::size_t>(stream), source))
      return static_cast<std::uint8_t>(stream);
  return keeps_current ? *current_ : highest;
}

bool SimulcastSelector::takes(Timestamp now, std::uint8_t stream, const Source& source) const {
  if (stream > top(source)) return false;
  if (!current_ || *current_ > top(source) || stream > *current_) return true;
  return stream == best(now, source);
}

Choice SimulcastSelector::choose(Timestamp now, const ReceivedPacket& packet,
                                 const Source& source) {
  Choice choice;
  if (packet.stream != current_) {
    if (!packet.info.is_key_frame_start || !takes(now, packet.stream, source)) {
      // A key frame that is not taken any more may be one that was waited for.
      choice.changed = packet.info.is_key_frame_start ||
                       (packet.stream <= top(source) && (!current_ || packet.stream > *current_));
      choice.layers = limits();
      return choice;
    }
    current_ = packet.stream;
    temporal_.start(packet.view.timestamp());
    return {.verdict = Choice::Verdict::Start,
            .ends_picture = false,
            .changed = true,
            .layers = limits()};
  }
  const std::uint8_t before = temporal_.current();
  if (packet.info.is_key_frame_start)
    temporal_.start(packet.view.timestamp());
  else
    temporal_.handle_packet(packet);
  choice.changed = temporal_.current() != before;
  choice.layers = limits();
  if (packet.info.temporal_layer <= temporal_.current()) choice.verdict = Choice::Verdict::Forward;
  return choice;
}

bool SimulcastSelector::includes(const ReceivedPacket& packet, const Source&, Layers layers) const {
  return packet.info.temporal_layer <= layers.temporal;
}

std::optional<Layers> SimulcastSelector::layers() const {
  if (!current_) return std::nullopt;
  return Layers{*current_, temporal_.current()};
}

std::uint32_t SimulcastSelector::wanted(Timestamp now, const Source& source) const {
  const std::uint8_t aim = best(now, source);
  return current_ == aim ? 0 : std::uint32_t{1} << aim;
}

std::optional<Timestamp> SimulcastSelector::check_silence(Timestamp now, const Source& source) {
  if (!current_) return std::nullopt;
  const auto& last = source.stream(*current_).last_media;
  if (!last || now - *last >= kLayerSilence) return now + kLayerSilence;
  return *last + kLayerSilence;
}

}  // namespace sfu::media

#include "load/load_shape.h"

#include <algorithm>

namespace sfu::load {
namespace {

constexpr int kKeyFrameFactor = 6;  // Packets of a key frame to those of another.

}  // namespace

LoadShape load_by_name(const std::string& name) {
  LoadShape shape;
  const auto set = [&](int rooms, int publishers, int viewers) {
    shape.rooms = rooms;
    shape.publishers = publishers;
    shape.viewers = viewers;
  };
  if (name == "A") set(1, 12, 50);
  if (name == "B") set(1, 3, 200);
  if (name == "C") set(1, 1, 100);
  if (name == "D") {
    set(1, 1, 50);
    shape.even = true;
    shape.fps = 40;
    shape.video_kbps = 3840;  // Ten packets of 1200 bytes in a frame: 400 each second.
  }
  if (name == "E") set(100, 1, 1);
  if (name == "F") {
    set(1, 10, 50);
    shape.video = false;
    shape.audio = true;
  }
  if (name == "storm") {
    set(1, 4, 500);
    shape.ramp_s = 10;
  }
  return shape;
}

int LoadShape::packets_in_frame() const {
  const std::int64_t bits_in_packet = std::int64_t{packet_size} * 8;
  const std::int64_t bits_in_frame = std::int64_t{video_kbps} * 1000 / fps;
  return static_cast<int>(
      std::max<std::int64_t>(1, (bits_in_frame + bits_in_packet - 1) / bits_in_packet));
}

double LoadShape::packets_each_second() const {
  return (video ? packets_in_frame() * fps : 0) + (audio ? 50 : 0);
}

Publisher::Tracks LoadShape::tracks(std::uint64_t seed) const {
  Publisher::Tracks tracks;
  tracks.seed = seed;
  const auto camera = [&](int divisor) {
    LoadShape layer = *this;
    layer.video_kbps = video_kbps / divisor;
    const int packets = layer.packets_in_frame();
    return StreamShape{.frame_interval = Nanoseconds((1'000'000'000 + fps - 1) / fps),
                       .packet_size = packet_size,
                       .size_spread = exact_size ? 0 : 1,
                       .packets_in_frame = packets,
                       .packets_in_key_frame = packets * (even ? 1 : kKeyFrameFactor),
                       .evenly_spaced = even,
                       .answers_at_once = key_frames_at_once};
  };
  if (video && simulcast) {
    tracks.video = {camera(10), camera(3), camera(1)};
  } else if (video) {
    tracks.video = {camera(1)};
  }
  if (audio)
    tracks.audio = StreamShape{.is_audio = true,
                               .frame_interval = std::chrono::milliseconds(20),
                               .packet_size = audio_packet_size,
                               .size_spread = exact_size ? 0 : audio_spread,
                               .packets_in_frame = 1,
                               .packets_in_key_frame = 1,
                               .has_silence = dtx};
  return tracks;
}

}  // namespace sfu::load
